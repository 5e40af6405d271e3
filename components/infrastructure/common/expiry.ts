/** A lab's time to live, with a warning so that you find a forgotten lab before its bill grows. */
import * as pulumi from "@pulumi/pulumi";
import { DynamicResource } from "../../remote/dynamic";

/** When the lab was first built, by whom, and its id, kept in the stack's state. */
export class Beginning extends DynamicResource {
  declare readonly started: pulumi.Output<string>;
  declare readonly owner: pulumi.Output<string>;
  /** The lab's id: 12 hexadecimal digits. */
  declare readonly lab: pulumi.Output<string>;

  constructor(name: string, options: pulumi.CustomResourceOptions) {
    super("Beginning", name, {}, ["started", "owner", "lab"], options);
  }
}

const HOUR = 60 * 60 * 1000;

/**
 * When a lab expires.
 * @param started an ISO 8601 time.
 * @param ttl a time to live as in the config, such as `8h` or `3d`.
 * @returns an ISO 8601 time in UTC, to the second.
 */
export function expiryOf(started: string, ttl: string): string {
  const hours = Number.parseInt(ttl, 10) * (ttl.endsWith("d") ? 24 : 1);
  return new Date(Date.parse(started) + hours * HOUR).toISOString().replace(/\.\d+Z$/, "Z");
}

/** The warning for a lab past its expiry, else undefined. @param now milliseconds since 1970. */
export function overdue(expiry: string, now: number): string | undefined {
  const hours = Math.floor((now - Date.parse(expiry)) / HOUR);
  if (now <= Date.parse(expiry)) return undefined;
  const since = hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
  return `this lab has been overdue for ${since} (since ${expiry}): take it down with pulumi destroy, or set a larger ttl`;
}

/** The lab's expiry; undefined without `ttl`. Each preview and each `up` after the expiry shows a warning. */
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
