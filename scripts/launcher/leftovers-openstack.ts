/** What of a stack is still there on OpenStack, found by its marks through OpenStack's own APIs. */
import {
  type CloudName,
  findAccount,
  isKeyPairOf,
  list,
  openSession,
  stackDescription,
  stackTags,
} from "../../components/infrastructure/openstack-api";

/** A thing that was made for the stack. */
export interface Leftover {
  /** As in `openstack <kind> delete <id>`. */
  kind: string;
  id: string;
  name: string;
}

/** Every kind of thing of the lab that is marked, in the order in which one would delete them by hand. */
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
 * Lists what carries the stack's tags or, in Neutron, its description, and its key pairs, which Nova cannot tag, by their names.
 * @throws {Error} in one sentence when OpenStack cannot be asked: then nothing is known of what is there.
 */
export async function leftoversOnOpenStack(
  stack: string,
  cloud: CloudName,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Leftover[]> {
  const session = await openSession(findAccount(cloud, env));
  // Of several tags in one parameter a thing must bear all (Neutron's and Nova's API references, on filtering by tags).
  const tags = encodeURIComponent(stackTags(stack).join(","));
  const description = encodeURIComponent(stackDescription(stack));
  const marked = await Promise.all(
    KINDS.map(async ({ kind, service, collection, key }) => {
      // What was killed on its way into the state may have no tags yet. Nova takes a machine's with the machine.
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
