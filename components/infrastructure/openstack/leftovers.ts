/** Finds what a stack still has on OpenStack, by its tags and through OpenStack's own APIs. */
import type { LabConfig, OpenStackConfig, ProviderSettings } from "../../config";
import type { Leftover } from "../common";
import {
  type CloudName,
  findAccount,
  isKeyPairOf,
  list,
  openSession,
  stackDescription,
  stackTags,
} from "./api";

/** Every kind of tagged resource of the lab, in the order in which you would delete them by hand. */
const KINDS: readonly { kind: string; service: string; collection: string; key: string }[] = [
  { kind: "server", service: "compute", collection: "servers", key: "servers" },
  { kind: "floating ip", service: "network", collection: "floatingips", key: "floatingips" },
  { kind: "port", service: "network", collection: "ports", key: "ports" },
  { kind: "router", service: "network", collection: "routers", key: "routers" },
  { kind: "subnet", service: "network", collection: "subnets", key: "subnets" },
  { kind: "network", service: "network", collection: "networks", key: "networks" },
  { kind: "security group", service: "network", collection: "security-groups", key: "security_groups" },
];

/**
 * Everything that has the stack's tags or, in Neutron, its description. Nova cannot tag key pairs: those are found by name.
 * It asks OpenStack's own APIs, outside the engine, too.
 * @param stack the lab's name in the cloud.
 * @param settings the stack's own keys of the provider, of which `openstack:cloud` and `openstack:region` count here.
 * @throws {Error} in one sentence when OpenStack cannot be asked: that does not mean that nothing is there.
 */
export async function findLeftovers(
  stack: string,
  { openstack: config = {} }: Pick<LabConfig, "openstack">,
  settings: ProviderSettings,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Leftover[]> {
  const session = await openSession(findAccount(accountOf(config, settings), env));
  // With several tags in one parameter, a resource must have all of them (API references of Neutron and Nova).
  const tags = encodeURIComponent(stackTags(stack).join(","));
  const description = encodeURIComponent(stackDescription(stack));
  const marked = await Promise.all(
    KINDS.map(async ({ kind, service, collection, key }) => {
      // A killed engine may leave resources without tags: Neutron sets tags in a second request, Nova at once.
      const queries = [`tags=${tags}`, ...(service === "network" ? [`description=${description}`] : [])];
      const answers = queries.map((query) => list(session, service, `${collection}?${query}`, key));
      const entries = new Map((await Promise.all(answers)).flat().map((entry) => [String(entry.id), entry]));
      return [...entries.values()].map((entry) => ({
        kind,
        id: String(entry.id),
        name: String(entry.name || entry.floating_ip_address || entry.id),
      }));
    }),
  );
  const keyPairs = (await list(session, "compute", "os-keypairs", "keypairs"))
    .map((entry) => (entry.keypair as { name: string }).name)
    .filter((name) => isKeyPairOf(stack, name))
    .map((name) => ({ kind: "keypair", id: name, name }));
  return [...marked.flat(), ...keyPairs];
}

const accountOf = (config: OpenStackConfig, settings: ProviderSettings): CloudName => {
  const text = (key: string) => (typeof settings[key] === "string" ? settings[key] : undefined);
  const [cloud, region] = [config.cloud ?? text("cloud"), config.region ?? text("region")];
  return { ...(cloud && { cloud }), ...(region && { region }) };
};
