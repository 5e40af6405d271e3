/** Finds what labs still have on OpenStack, by their marks and through OpenStack's own APIs. */
import type { LabConfig, OpenStackConfig, ProviderSettings } from "../../config";
import { type ExpiredLab, expiredAmong, type Leftover } from "../common";
import {
  type CloudName,
  commandFor,
  type Environment,
  findAccount,
  list,
  openSession,
  openstackTag,
  type Session,
  survey,
  type Thing,
  tagValue,
} from "./api";

/** Where to ask. */
export type Where = readonly [Pick<LabConfig, "openstack">, ProviderSettings, Environment?];

/**
 * Everything of the stack's labs, in the order in which it can be deleted. It asks OpenStack's own APIs, outside the engine,
 * too.
 * @param stack the labs' name in the cloud. Labs of other people may have the same.
 * @param labs the ids of the user's own labs.
 * @param settings the stack's own keys of the provider, of which `openstack:cloud` and `openstack:region` count here.
 * @throws {Error} in one sentence when OpenStack cannot be asked: that does not mean that nothing is there.
 */
export async function findLeftovers(
  stack: string,
  labs: readonly string[],
  ...where: Where
): Promise<Leftover[]> {
  return (await survey(await sessionFor(...where), { stack, labs })).map(leftoverOf);
}

/** A thing as a leftover. */
export const leftoverOf = (thing: Thing): Leftover => {
  const { kind, id, name, lab } = thing;
  return { kind, id, name, ...(lab !== undefined && { lab }), command: commandFor(thing) };
};

/** Logs in with the stack's own account. @throws {Error} in one sentence when that is not possible. */
export function sessionFor(
  ...[{ openstack: config = {} }, settings, env = process.env]: Where
): Promise<Session> {
  return openSession(findAccount(accountOf(config, settings), env));
}

/** Everything that carries an expiry. */
const DATED = [
  { service: "compute", collection: "servers/detail", key: "servers" },
  ...["routers", "networks", "ports", "floatingips"].map((key) => ({
    service: "network",
    collection: key,
    key,
  })),
];

/** Every lab of the project that is past its time to live, of every owner. @param now milliseconds since 1970. */
export async function findExpired(now: number, ...where: Where): Promise<ExpiredLab[]> {
  const session = await sessionFor(...where);
  const query = `tags=${encodeURIComponent(openstackTag("project", "encaplab"))}`;
  const entries = await Promise.all(
    DATED.map(({ service, collection, key }) => list(session, service, `${collection}?${query}`, key)),
  );
  return expiredAmong(
    entries.flat().map(
      ({ tags }) =>
        (key) =>
          tagValue(tags, key),
    ),
    now,
  );
}

const accountOf = (config: OpenStackConfig, settings: ProviderSettings): CloudName => {
  const text = (key: string) => (typeof settings[key] === "string" ? settings[key] : undefined);
  const [cloud, region] = [config.cloud ?? text("cloud"), config.region ?? text("region")];
  return { ...(cloud && { cloud }), ...(region && { region }) };
};
