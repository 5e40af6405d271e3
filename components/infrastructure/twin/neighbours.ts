/**
 * Neighbour entries that a large twin writes instead of having them resolved by ARP.
 *
 * The kernel counts the entries of all namespaces together, and beyond net.ipv4.neigh.default.gc_thresh3 (1024) it refuses
 * new ones, also to the host itself ("neighbour: arp_cache: neighbor table overflow!"). Permanent entries are not counted
 * (net/core/neighbour.c, `exempt_from_gc`, since Linux 5.0).
 */
import {
  fabricFacts,
  type LabPlan,
  type NodePlan,
  type SitePlan,
  type SubnetPlan,
  subnetOf,
  TUNNELS,
  tunnelsOf,
} from "../../plan";
import { macOf } from "../fabric";

/** How many entries a twin may have resolved: a quarter of the default limit, since the host and other labs need some. */
export const RESOLVED_ENTRIES = 256;

/** The MAC address of every `cali*` interface (Felix, endpoint_mgr.go). */
export const CALI_MAC = "ee:ee:ee:ee:ee:ee";

/**
 * How many entries all namespaces of a twin may hold once every pair has talked. The same for every encapsulation, so that
 * a switch does not touch the network: with IPIP a node has one for each other node, else for those of its subnet.
 */
export function entriesOf({ nodes }: LabPlan): number {
  const pods = nodes.reduce((sum, node) => sum + node.pods.length, 0);
  // Each node and the gateway know each other, and so do each pod and its node.
  return nodes.length * (nodes.length - 1) + 2 * nodes.length + 2 * pods;
}

/** Whether the twin writes its entries, because there would be too many. */
export const writesNeighbours = (plan: LabPlan): boolean => entriesOf(plan) > RESOLVED_ENTRIES;

/** A node's entries, in the syntax of `ip neigh`: the nodes of its subnet, the gateway, and its pods. */
export function nodeNeighbours(plan: LabPlan, node: NodePlan): string[] {
  if (!writesNeighbours(plan)) return [];
  const { nic, layer3 } = fabricFacts(plan);
  const gateway = subnetOf(plan, node).gateway;
  const others = plan.nodes.filter(({ name }) => name !== node.name);
  const near = others.filter(({ subnet }) => subnet === node.subnet).map(({ address }) => address);
  const ipip = tunnelsOf(plan).includes("ipip");
  return [
    entry(gateway, macOf(gateway), nic),
    // On a fabric without a layer 2 the gateway answers for the other nodes.
    ...near.map((address) => entry(address, macOf(layer3 ? gateway : address), nic)),
    ...node.pods.map((pod) => entry(pod.address, macOf(pod.address), pod.interface)),
    // A tunnel resolves nothing, but the kernel counts an entry for each next hop.
    ...(ipip ? others.map(({ address }) => entry(address, "0.0.0.0", TUNNELS.ipip.device)) : []),
  ];
}

/** A gateway's own MACs and its entries, as lines for `ip -batch`. @param site the gateway's, if the lab has sites. */
export function gatewayNeighbours(plan: LabPlan, site?: SitePlan): string[] {
  if (!writesNeighbours(plan)) return [];
  const own = ({ name }: SubnetPlan) => !site || site.subnets.includes(name);
  return plan.subnets.flatMap((subnet, i) => (own(subnet) ? neighboursIn(plan, subnet, i) : []));
}

const neighboursIn = (plan: LabPlan, { name, gateway }: SubnetPlan, i: number): string[] => [
  `link set eth${i} address ${macOf(gateway)}`,
  ...plan.nodes
    .filter(({ subnet }) => subnet === name)
    .map(({ address }) => `neigh replace ${entry(address, macOf(address), `eth${i}`)}`),
];

/** A pod's own MAC and its one entry, as lines for `ip -batch`. */
export const podNeighbours = (mac: string): string[] => [
  `link set eth0 address ${mac}`,
  `neigh replace ${entry("169.254.1.1", CALI_MAC, "eth0")}`,
];

const entry = (address: string, mac: string, device: string): string =>
  `${address} lladdr ${mac} dev ${device} nud permanent`;
