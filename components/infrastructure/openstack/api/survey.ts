/** What OpenStack has of a stack's labs, with everything that has no tags of its own: rules, interfaces and routes. */
import { type Entry, list, type Session } from "./request";
import { vpnThings } from "./survey-vpn";
import { descriptionOf, labOfKeyPair, labTag, stackTags, tagValue } from "./tags";
import { KINDS, type Kind, type Marks, type Thing } from "./thing";

interface Collection {
  kind: Kind;
  service: "compute" | "network";
  collection: string;
  key: string;
}

const COLLECTIONS: readonly Collection[] = [
  { kind: "server", service: "compute", collection: "servers/detail", key: "servers" },
  { kind: "floating ip", service: "network", collection: "floatingips", key: "floatingips" },
  { kind: "port", service: "network", collection: "ports", key: "ports" },
  { kind: "router", service: "network", collection: "routers", key: "routers" },
  { kind: "subnet", service: "network", collection: "subnets", key: "subnets" },
  { kind: "network", service: "network", collection: "networks", key: "networks" },
  { kind: "security group", service: "network", collection: "security-groups", key: "security_groups" },
];

/** Everything of a stack's labs, in the order in which it can be deleted. @throws {Error} when OpenStack cannot be asked. */
export async function survey(session: Session, marks: Marks): Promise<Thing[]> {
  const marked = (await Promise.all(COLLECTIONS.map((one) => inCollection(session, one, marks)))).flat();
  const cidrs = new Map(
    marked
      .filter(({ thing }) => thing.kind === "subnet")
      .map(({ thing, entry }) => [thing.id, String(entry.cidr)]),
  );
  const inside = await Promise.all(
    marked.map(({ thing, entry }) => {
      if (thing.kind === "router") return inRouter(session, thing, entry, cidrs);
      return thing.kind === "security group" ? inGroup(session, thing) : [];
    }),
  );
  const things = [
    ...marked.map(({ thing }) => thing),
    ...inside.flat(),
    ...(await vpnThings(session, marks)),
    ...(await keyPairs(session, marks)),
  ];
  return KINDS.flatMap((kind) => things.filter((thing) => thing.kind === kind));
}

async function inCollection(
  session: Session,
  { kind, service, collection, key }: Collection,
  { stack, labs = [], only = false }: Marks,
): Promise<{ thing: Thing; entry: Entry }[]> {
  const tags = stackTags(stack);
  // With several tags in one parameter, a resource must have all of them (API references of Neutron and Nova).
  const wanted = only ? labs.map((lab) => [...tags, labTag(lab)]) : [tags];
  // A killed engine may leave resources without tags: Neutron sets tags in a second request, Nova at once.
  const descriptions = [
    ...(only ? [] : [descriptionOf(stack)]),
    ...labs.map((lab) => descriptionOf(stack, lab)),
  ];
  const queries = [
    ...wanted.map((all) => `tags=${encodeURIComponent(all.join(","))}`),
    ...(service === "network" ? descriptions.map((text) => `description=${encodeURIComponent(text)}`) : []),
  ];
  const answers = await Promise.all(
    queries.map((query) => list(session, service, `${collection}?${query}`, key)),
  );
  const entries = new Map(answers.flat().map((entry) => [String(entry.id), entry]));
  return [...entries.values()].map((entry) => {
    const lab =
      tagValue(entry.tags, "lab") ?? labs.find((one) => entry.description === descriptionOf(stack, one));
    const name = String(entry.name || entry.floating_ip_address || entry.id);
    return { thing: { kind, id: String(entry.id), name, ...(lab !== undefined && { lab }) }, entry };
  });
}

/** A router's interfaces and its routes. Both must be gone before the router can be deleted, and neither has tags. */
async function inRouter(
  session: Session,
  { id: router, name, lab }: Thing,
  { routes }: Entry,
  cidrs: ReadonlyMap<string, string>,
): Promise<Thing[]> {
  const own = { router, ...(lab !== undefined && { lab }) };
  const ports = await list(session, "network", `ports?device_id=${router}`, "ports");
  const interfaces = ports
    // Also `network:router_interface_distributed` and `network:ha_router_replicated_interface` (neutron_lib/constants.py).
    .filter(({ device_owner: owner }) => /^network:.*router.*interface/.test(String(owner)))
    .map((port): Thing => {
      const [address] = (port.fixed_ips ?? []) as { subnet_id: string; ip_address: string }[];
      const subnet = String(address?.subnet_id);
      const cidr = cidrs.get(subnet);
      const place = { subnet, ...(cidr && { cidr }), ...own };
      return {
        kind: "router interface",
        id: String(port.id),
        name: `${name} ${address?.ip_address}`,
        ...place,
      };
    });
  const known = (Array.isArray(routes) ? routes : []) as { destination: string; nexthop: string }[];
  const kept = known.map((route): Thing => {
    const { destination, nexthop } = route;
    // The provider's own form of the id (networking_router_route_v2.go).
    const id = `${router}-route-${destination}-${nexthop}`;
    return {
      kind: "router route",
      id,
      name: `${destination} via ${nexthop}`,
      route: { destination, nexthop },
      ...own,
    };
  });
  return [...kept, ...interfaces];
}

/** A group's rules, except those that Neutron makes with each group and those that the user has added. */
async function inGroup(session: Session, { id, name, lab }: Thing): Promise<Thing[]> {
  const rules = await list(
    session,
    "network",
    `security-group-rules?security_group_id=${id}`,
    "security_group_rules",
  );
  return rules
    .filter(({ description }) => String(description).startsWith("encaplab: "))
    .map((rule) => ({
      kind: "security group rule",
      id: String(rule.id),
      name: `${name}: ${String(rule.description).slice("encaplab: ".length)}`,
      ...(lab !== undefined && { lab }),
    }));
}

/** Nova cannot tag key pairs: they are found by name. */
async function keyPairs(session: Session, { stack, labs = [], only = false }: Marks): Promise<Thing[]> {
  const entries = await list(session, "compute", "os-keypairs", "keypairs");
  return entries.flatMap((entry): Thing[] => {
    const { name } = entry.keypair as { name: string };
    const lab = labOfKeyPair(stack, name);
    if (lab === undefined || (only && !labs.includes(lab))) return [];
    return [{ kind: "keypair", id: name, name, ...(lab !== "" && { lab }) }];
  });
}
