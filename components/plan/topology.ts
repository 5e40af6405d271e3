/** The subnets, nodes, blocks and study pods of a plan, with their addresses. */
import { createHash } from "node:crypto";
import type { LabConfig } from "../config";
import {
  blockOf,
  type Cidr,
  contains,
  formatCidr,
  parseCidr,
  sizeOf,
  toAddress,
  toNumber,
} from "./addressing";
import type { TunnelKind } from "./encapsulation";
import { fabricFacts } from "./fabric";
import { HEALTHY_HOST, type HostPlan } from "./host";
import { placementOf } from "./placement";
import { planPools, type TunnelEnd } from "./pool";
import { planBlocks } from "./pool-blocks";

/** A subnet of the lab. */
export interface SubnetPlan {
  name: string;
  /** In canonical form, e.g. `10.0.3.0/24`. */
  cidr: string;
  /**
   * The subnet's first address, where EC2 and Neutron also put their router, unless a machine has it: then the next. With
   * `hosts.router` the one that its machine has there.
   */
  gateway: string;
  /** Prefix length in bits. */
  prefix: number;
}

/** A pod that the lab measures with. */
export interface PodPlan {
  /** `<node>-1`, `<node>-2`. */
  name: string;
  /** The name of its node. */
  node: string;
  /** IPv4, in the node's block. */
  address: string;
  /** The host's end of the pod's veth pair, named as Calico names it. */
  interface: string;
}

/** A node of the lab. */
export interface NodePlan {
  name: string;
  /** Exactly one node of a lab is the control plane. */
  role: "control-plane" | "worker";
  /** Position in the lab, from 0. Fabric ports, router IDs and blocks are numbered by it. */
  index: number;
  /** The name of its subnet. */
  subnet: string;
  /** The name of its site. Absent in a lab without sites. */
  site?: string;
  /** Private IPv4 address in that subnet. */
  address: string;
  /**
   * The address with its prefix length, as Calico records it on its Node resource. CrossSubnet compares exactly this
   * (calico#4254), so a node recorded as /32 shares its subnet with no other node.
   */
  recordedAddress: string;
  /** The node's IPAM block. Known on the twin and with `podRoutes`; elsewhere Calico assigns it at run time. */
  block: string;
  /** The tunnel device's address, the first of the block. With several pools, `tunnels` has the addresses instead. */
  tunnelAddress: string;
  /** The name of the pool that the block is in. Absent in a lab with one pool. */
  pool?: string;
  /** The node's ends of tunnels, each in a block of an IPPool with that tunnel. Absent in a lab with one pool. */
  tunnels?: { [Kind in TunnelKind]?: TunnelEnd };
  /** The study pods, {@link PODS_PER_NODE} of them. */
  pods: PodPlan[];
  /** What faults have changed on the node. */
  host: HostPlan;
}

/** Study pods on each node: two, so that the same-node path exists. */
export const PODS_PER_NODE = 2;

/**
 * Addresses at the start of a subnet that the lab gives to no node by itself: network, router, DNS, one for the future
 * (EC2's four). What a config may give to a node is up to the fabric: `reserved` in its facts.
 */
export const RESERVED_ADDRESSES = 4;

/** Nodes get addresses from .10 on where there is room: students expect it, and it avoids DHCP's own addresses. */
function firstNodeOffset(subnet: Cidr): number {
  return sizeOf(subnet) >= 64 ? 10 : RESERVED_ADDRESSES;
}

/** How many nodes a subnet has addresses for, if the lab chooses them (the last address is the broadcast address). */
export const roomIn = (subnet: Cidr): number => sizeOf(subnet) - RESERVED_ADDRESSES - 1;

/** The subnet of a node of the plan. */
export const subnetOf = (
  { subnets }: { subnets: readonly SubnetPlan[] },
  { subnet }: Pick<NodePlan, "subnet">,
): SubnetPlan => subnets.find(({ name }) => name === subnet) as SubnetPlan;

/** The subnets of a config, in its order. */
export function planSubnets(config: LabConfig): SubnetPlan[] {
  const ofRouter = (config.cloud === "hosts" && config.hosts?.router?.addresses) || [];
  return config.topology.map((subnet) => {
    const cidr = parseCidr(subnet.cidr);
    const taken = addressesGiven(subnet);
    let gateway = cidr.first + 1;
    while (taken.has(gateway)) gateway++;
    const given = ofRouter.find((address) => contains(cidr, toNumber(address)));
    return {
      name: subnet.name,
      cidr: subnet.cidr,
      gateway: given ?? toAddress(gateway),
      prefix: cidr.prefix,
    };
  });
}

/** The nodes of a config that `checkConfig` has accepted, without any fault. */
export function planNodes(config: LabConfig): NodePlan[] {
  const pool = parseCidr(config.podCidr);
  const { layer3 } = fabricFacts(placementOf(config));
  const flat = config.topology.flatMap((subnet) => {
    const free = freeAddresses(subnet);
    return subnet.nodes.map((node) => ({
      node,
      subnet,
      address: node.address ?? toAddress(free.next().value as number),
    }));
  });
  const explicit = flat.findIndex(({ node }) => node.role === "control-plane");
  const controlPlane = explicit === -1 ? 0 : explicit;
  const pools = planPools(config);
  const names = flat.map(({ node }) => node.name);
  const blocks = pools && planBlocks(pools, names).blocks;
  return flat.map(({ node, subnet, address }, index) => {
    const own = blocks?.get(node.name);
    const block = own ? parseCidr(own.block) : blockOf(pool, config.blockSize, index);
    const site = config.sites?.find(({ subnets }) => subnets.includes(subnet.name));
    return {
      name: node.name,
      role: index === controlPlane ? "control-plane" : "worker",
      index,
      subnet: subnet.name,
      ...(site && { site: site.name }),
      address,
      recordedAddress: `${address}/${layer3?.hostPrefix ?? parseCidr(subnet.cidr).prefix}`,
      block: formatCidr(block),
      tunnelAddress: toAddress(block.first),
      ...(own && { pool: own.pool, tunnels: own.tunnels }),
      pods: podNames(node.name).map((pod, i) => planPod(pod, node.name, block.first + 1 + i)),
      host: HEALTHY_HOST,
    };
  });
}

/** The one node that runs the API server. */
export const controlPlaneOf = (nodes: readonly NodePlan[]): NodePlan =>
  nodes.find(({ role }) => role === "control-plane") as NodePlan;

/** Names of the twin's network namespaces that are no node and no pod. */
export const RESERVED_NAMES: readonly string[] = ["router", "internet", "fabric"];

/** The names of a node's study pods: `w1-1`, `w1-2`. */
export const podNames = (node: string): string[] =>
  Array.from({ length: PODS_PER_NODE }, (_, i) => `${node}-${i + 1}`);

const planPod = (name: string, node: string, address: number): PodPlan => ({
  name,
  node,
  address: toAddress(address),
  interface: workloadInterface("study", name),
});

/**
 * The node's end of a pod's veth pair: `cali` and 11 hex digits of SHA-1 over `namespace.pod` (libcalico-go,
 * VethNameForWorkload).
 */
export function workloadInterface(namespace: string, pod: string): string {
  return `cali${createHash("sha1").update(`${namespace}.${pod}`).digest("hex").slice(0, 11)}`;
}

const addressesGiven = ({ nodes }: LabConfig["topology"][number]): ReadonlySet<number> =>
  new Set(nodes.flatMap(({ address }) => (address ? [toNumber(address)] : [])));

function* freeAddresses(subnet: LabConfig["topology"][number]): Generator<number> {
  const cidr = parseCidr(subnet.cidr);
  const taken = addressesGiven(subnet);
  const start = firstNodeOffset(cidr);
  const usable = roomIn(cidr);
  for (let i = 0; i < usable; i++) {
    // After the end, go on with the addresses below the preferred first one, so that every address can be used.
    const offset = RESERVED_ADDRESSES + ((start - RESERVED_ADDRESSES + i) % usable);
    if (!taken.has(cidr.first + offset)) yield cidr.first + offset;
  }
}
