/** What `tcpdump` must be told to show the packets of one path on a node. Pure. */
import {
  blockWith,
  fabricFacts,
  type Header,
  type Ipv4Header,
  type LabPlan,
  type NodePlan,
  type Pair,
  type Path,
  pairsOf,
  probesOf,
  TENANT_TUNNEL,
  TUNNELS,
  traceOf,
  VXLAN,
} from "../plan";
import { tapsOf } from "./tap";

/** Where to capture a path on a node, and which packets. */
export interface PathFilter {
  device: string;
  /** In the syntax of pcap-filter(7). */
  filter: string;
}

/**
 * The packets of a path that start, end or are forwarded on a node, as they are on its interface: in their tunnel, or with
 * the addresses that NAT gives them. It comes from the traces, so also packets that are lost before another node are in it.
 * Where Calico gives blocks to nodes at run time, a pod's address stands for the pod CIDR.
 * @returns undefined if no pair of the path touches the node.
 */
export function pathFilter(plan: LabPlan, node: NodePlan, path: Path): PathFilter | undefined {
  const pairs = pairsOf(plan).filter((pair) => pair.path === path && nodesOf(pair).includes(node.name));
  const [first] = pairs;
  if (!first) return undefined;
  if (path === "same-node" && first.from.interface && first.to.kind === "pod") {
    const ends = `host ${first.from.address} and host ${first.to.pod.address}`;
    return { device: first.from.interface, filter: ends };
  }
  const { nic } = fabricFacts(plan);
  const names = new Set(plan.nodes.map(({ name }) => name));
  const terms = new Set<string>();
  for (const pair of pairs) {
    const [probe = "TCP"] = probesOf(pair);
    for (const { namespace, interface: device, expected } of tapsOf(plan, traceOf(plan, pair, probe))) {
      // A pod's device may have the name of a node's.
      if (device !== nic || !names.has(namespace) || !expected) continue;
      const [outer, transport] = expected.headers;
      if (outer?.kind === "ipv4") terms.add(termFor(plan, outer, transport));
    }
  }
  return { device: nic, filter: [...terms].map((term) => `(${term})`).join(" or ") };
}

const nodesOf = ({ from, to }: Pair): string[] => [
  from.node,
  ...(to.kind === "internet" ? [] : [to.node.name]),
  ...(to.kind === "nodeport" ? [to.entry.name] : []),
];

/** A packet and its answer, by the outermost header. */
function termFor(
  plan: LabPlan,
  { source, destination, protocol }: Ipv4Header,
  inside: Header | undefined,
): string {
  // The same text for both directions, so that each pair is named once.
  const ends = [source, destination].map((address) => sideOf(plan, address)).sort();
  const between = ends[0] === ends[1] ? `src ${ends[0]} and dst ${ends[1]}` : ends.join(" and ");
  if (protocol === "4") return `${TUNNELS.ipip.filter} and ${between}`;
  const port = inside?.kind === "udp" ? inside.destinationPort : undefined;
  if (port === TENANT_TUNNEL.port) return `udp port ${port} and ${between}`;
  const isVxlan = port === VXLAN.port;
  return isVxlan ? `${TUNNELS.vxlan.filter} and ${between}` : between;
}

/** One end of a packet. A pod stands for all pods of its node. */
function sideOf(plan: LabPlan, address: string): string {
  const node = plan.nodes.find(
    ({ pods, tunnelAddress, tunnels = {} }) =>
      tunnelAddress === address ||
      Object.values(tunnels).some((end) => end.address === address) ||
      pods.some((pod) => pod.address === address),
  );
  if (!node) return `host ${address}`;
  const isKnown = plan.onTwin || plan.podRoutes.length > 0;
  return `net ${isKnown ? blockWith(node, address) : plan.ipPool.cidr}`;
}
