/** Finds what a stack still has on OpenStack, by its tags and through OpenStack's own APIs. */
import {
  type CloudName,
  findAccount,
  isKeyPairOf,
  list,
  openSession,
  stackDescription,
  stackTags,
} from "./api";

/** A resource that was made for the stack and is still there. */
export interface Leftover {
  /** As in `openstack <kind> delete <id>`. */
  kind: string;
  id: string;
  name: string;
}

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
 * Lists what has the stack's tags or, in Neutron, its description. Nova cannot tag key pairs: those are found by name.
 * @throws {Error} in one sentence when OpenStack cannot be asked: that does not mean that nothing is there.
 */
export async function leftoversOnOpenStack(
  stack: string,
  cloud: CloudName,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Leftover[]> {
  const session = await openSession(findAccount(cloud, env));
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
