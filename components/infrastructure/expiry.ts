/** How long a lab is meant to live, so that a forgotten one is found before the bill is. */
import * as pulumi from "@pulumi/pulumi";
import { PartResource } from "./part";

/** When the lab was first built and by whom, kept in the stack's state. */
export class Beginning extends PartResource {
  declare readonly started: pulumi.Output<string>;
  declare readonly owner: pulumi.Output<string>;

  constructor(name: string, options: pulumi.CustomResourceOptions) {
    const part = { module: "components/infrastructure/parts.ts", export: "beginning" };
    super("Beginning", part, name, {}, ["started", "owner"], options);
  }
}

const HOUR = 60 * 60 * 1000;

/**
 * @param started an ISO 8601 time.
 * @param ttl a time to live such as `8h` or `3d`, as the config takes it.
 * @returns when the lab is overdue, in UTC to the second.
 */
export function expiryOf(started: string, ttl: string): string {
  const hours = Number.parseInt(ttl, 10) * (ttl.endsWith("d") ? 24 : 1);
  return new Date(Date.parse(started) + hours * HOUR).toISOString().replace(/\.\d+Z$/, "Z");
}

/** What to say of a lab whose time is over; undefined while it is not. */
export function overdue(expiry: string, now: number): string | undefined {
  const hours = Math.floor((now - Date.parse(expiry)) / HOUR);
  if (now <= Date.parse(expiry)) return undefined;
  const since = hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
  return `this lab has been overdue for ${since} (since ${expiry}): take it down with pulumi destroy, or give it a larger ttl`;
}

/** The lab's expiry, with a warning at each preview and each `up` once it is past. */
export function watchExpiry(
  beginning: Beginning,
  ttl: string | undefined,
  now: () => number = Date.now,
): pulumi.Output<string> | undefined {
  if (!ttl) return undefined;
  return beginning.started.apply(async (started) => {
    const expiry = expiryOf(started, ttl);
    const warning = overdue(expiry, now());
    if (warning) await pulumi.log.warn(warning, beginning);
    return expiry;
  });
}
