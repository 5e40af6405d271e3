/** The subnets, nodes, blocks and study pods of a plan, with their addresses. */
import { createHash } from "node:crypto";
import type { LabConfig } from "../config";
import { blockOf, type Cidr, formatCidr, parseCidr, sizeOf, toAddress, toNumber } from "./addressing";

export interface SubnetPlan {
  name: string;
  cidr: string;
  /** The subnet's first address, where EC2 and Neutron also put their router. */
  gateway: string;
  prefix: number;
}

export interface PodPlan {
  /** `<node>-1`, `<node>-2`. */
  name: string;
  node: string;
  address: string;
  /** The host's end of the pod's veth pair, named as Calico names it. */
  interface: string;
}

export interface NodePlan {
  name: string;
  role: "control-plane" | "worker";
  /** Position in the lab, from 0. Fabric ports, router IDs and blocks are numbered by it. */
  index: number;
  subnet: string;
  address: string;
  /**
   * The address with its prefix length, as Calico records it on its Node resource. CrossSubnet compares exactly this
   * (calico#4254), so a node recorded as /32 shares its subnet with no other node.
   */
  recordedAddress: string;
  /** The node's IPAM block. Known on the twin and with `podRoutes`; elsewhere Calico assigns it at run time. */
  block: string;
  /** The tunnel device's address, the first of the block. */
  tunnelAddress: string;
  pods: PodPlan[];
}

/** Study pods on each node: two, so that the same-node path exists. */
export const PODS_PER_NODE = 2;

/** Addresses that clouds reserve at the start of a subnet: network, router, DNS, one for the future (EC2's four). */
export const RESERVED_ADDRESSES = 4;

/** Nodes get addresses from .10 on where there is room: students expect it, and it avoids DHCP's own addresses. */
function firstNodeOffset(subnet: Cidr): number {
  return sizeOf(subnet) >= 64 ? 10 : RESERVED_ADDRESSES;
}

/** How many nodes a subnet has addresses for (the last address is the broadcast address). */
export const roomIn = (subnet: Cidr): number => sizeOf(subnet) - RESERVED_ADDRESSES - 1;

export function planSubnets(config: LabConfig): SubnetPlan[] {
  return config.topology.map((subnet) => {
    const cidr = parseCidr(subnet.cidr);
    return { name: subnet.name, cidr: subnet.cidr, gateway: toAddress(cidr.first + 1), prefix: cidr.prefix };
  });
}

/** The nodes of a config that `checkConfig` has accepted. */
export function planNodes(config: LabConfig): NodePlan[] {
  const pool = parseCidr(config.podCidr);
  const as32 = config.faults.includes("node-as-32");
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
  return flat.map(({ node, subnet, address }, index) => {
    const block = blockOf(pool, config.blockSize, index);
    return {
      name: node.name,
      role: index === controlPlane ? "control-plane" : "worker",
      index,
      subnet: subnet.name,
      address,
      recordedAddress: `${address}/${as32 ? 32 : parseCidr(subnet.cidr).prefix}`,
      block: formatCidr(block),
      tunnelAddress: toAddress(block.first),
      pods: Array.from({ length: PODS_PER_NODE }, (_, i) => planPod(node.name, i + 1, block)),
    };
  });
}

function planPod(node: string, number: number, block: Cidr): PodPlan {
  const name = `${node}-${number}`;
  return { name, node, address: toAddress(block.first + number), interface: workloadInterface(name) };
}

/** `cali` and 11 hex digits of SHA-1 over `namespace.pod` (libcalico-go, VethNameForWorkload). */
function workloadInterface(pod: string): string {
  return `cali${createHash("sha1").update(`study.${pod}`).digest("hex").slice(0, 11)}`;
}

function* freeAddresses(subnet: LabConfig["topology"][number]): Generator<number> {
  const cidr = parseCidr(subnet.cidr);
  const taken = new Set(subnet.nodes.flatMap((node) => (node.address ? [toNumber(node.address)] : [])));
  const start = firstNodeOffset(cidr);
  const usable = roomIn(cidr);
  for (let i = 0; i < usable; i++) {
    // After the end, go on with the addresses below the preferred first one, so that every address can be used.
    const offset = RESERVED_ADDRESSES + ((start - RESERVED_ADDRESSES + i) % usable);
    if (!taken.has(cidr.first + offset)) yield cidr.first + offset;
  }
}
