/** Who exchanges routes by BGP in the cluster, as far as a lab can have it. */
import type { Fabric } from "../../config";
import { contains, parseCidr, toNumber } from "../../plan";
import type { Entry } from "./entry";
import type { Facts, PeerFact } from "./facts";
import type { Machine } from "./machines";
import { showSource } from "./source";

/** The keys of the config that say who exchanges routes, each with where it was read. */
export interface Exchange {
  entries: Entry[];
  /** Whether the nodes peer with route reflectors, and not with each other. */
  isReflected: boolean;
}

/**
 * Route reflectors, a gateway in a subnet of the nodes, and BGP's settings. What the lab cannot have is listed with the facts.
 * @param exportsDisabled whether the lab's pool has `disableBGPExport`.
 */
export function exchangeOf(
  facts: Facts,
  machines: readonly Machine[],
  lab: { fabric: Fabric; subnets: readonly string[]; exportsDisabled: boolean },
): Exchange {
  const { mesh, asNumber, bgp } = facts.settings;
  const entries: Exchange["entries"] = [];
  if (bgp?.value === "Disabled") {
    leave(facts, facts.peers);
    return { entries, isReflected: false };
  }
  const own = machines.filter(({ original }) => facts.reflectors.some(({ node }) => node === original));
  const selecting = facts.peers.filter(({ selector }) => selector !== undefined);
  const isReflected = mesh?.value === false && own.length > 0 && selecting.length > 0;
  const [first] = selecting;
  if (isReflected && first) {
    const why = `${showSource(mesh.source)}, ${showSource(first.source)}`;
    entries.push({ key: "bgp", value: "routeReflectors", why });
    const read = facts.reflectors.map(({ source }) => showSource(source)).join(", ");
    entries.push({ key: "routeReflectors", value: own.map(({ name }) => name), why: read });
  } else
    for (const { node, source } of facts.reflectors)
      facts.notExpressed.push({ what: `${node} is a BGP route reflector`, source });
  const gateways = gatewaysOf(facts, machines, lab);
  const [gateway] = gateways;
  if (gateway) entries.push({ key: "podRoutes", value: "bgp", why: showSource(gateway.source) });
  const left = facts.peers.filter(
    (peer) => !gateways.includes(peer) && !(isReflected && selecting.includes(peer)),
  );
  leave(facts, left);
  // With peers that the lab lacks, nodes without a mesh would be on their own, and those of the cluster are not.
  const isAlone = mesh?.value === false && !isReflected && left.length === 0 && facts.reflectors.length === 0;
  const peering = {
    ...(asNumber && { asNumber: asNumber.value }),
    ...(gateway?.asNumber !== undefined && { gatewayAsNumber: gateway.asNumber }),
    ...(gateway?.keepsNextHop && { keepOriginalNextHop: true }),
    ...(isAlone && { nodeToNodeMesh: false }),
    ...(lab.exportsDisabled && { disableBGPExport: true }),
  };
  const sources = [asNumber?.source, gateway?.source, isAlone ? mesh.source : undefined];
  const read = sources.flatMap((source) => (source ? [showSource(source)] : []));
  if (Object.keys(peering).length > 0)
    entries.push({
      key: "peering",
      value: peering,
      why: [...read, ...(lab.exportsDisabled ? ["the IPPool's disableBGPExport"] : [])].join(", "),
    });
  return { entries, isReflected };
}

/** The peers that stand for the lab's one gateway: routers in the nodes' own subnets, all of one AS. */
function gatewaysOf(
  { peers }: Facts,
  machines: readonly Machine[],
  { fabric, subnets }: { fabric: Fabric; subnets: readonly string[] },
): PeerFact[] {
  const isNode = new Set(machines.map(({ address }) => address));
  const routers = peers.filter(({ ip }) => {
    if (ip === undefined || isNode.has(ip)) return false;
    return subnets.some((cidr) => contains(parseCidr(cidr), toNumber(ip)));
  });
  const [first] = routers;
  const isOne = routers.every(({ asNumber }) => asNumber === first?.asNumber);
  return fabric === "plain" && isOne ? routers : [];
}

function leave(facts: Facts, peers: readonly PeerFact[]): void {
  for (const { name, ip, selector, source } of peers) {
    const whom = ip ?? selector;
    facts.notExpressed.push({
      what: `BGPPeer ${name}${whom === undefined ? "" : ` (${whom.slice(0, 60)})`}: the lab's nodes peer with each other, with route reflectors among them, or with the router in their subnet`,
      source,
    });
  }
}
