/**
 * The IPPools of a lab, and which of them a node's addresses are from.
 *
 * What a pool says holds for the addresses in it, wherever a packet comes from:
 *
 * - The encapsulation is that of the pool with the destination. BIRD's filter for the kernel goes through the pools and sets
 *   the tunnel by the first that has the route's block, and leaves blocks of VXLAN pools to Felix (confd,
 *   bird_ipam.cfg.template: `calico_kernel_programming`); Felix finds a route's pool by its block, too (l3_route_resolver.go).
 * - natOutgoing masquerades what comes from such a pool and goes to no pool. A disabled pool is in both sets (Felix,
 *   masq_mgr.go: `masq-ipam-pools`, `all-ipam-pools`).
 * - Pods have the MTU of the narrowest tunnel of any pool, also of a disabled one (int_dataplane.go: `determinePodMTU`,
 *   encapsulation_resolver.go).
 */
import type { Encapsulation, LabConfig, PoolUse } from "../config";
import { formatCidr, holds, parseCidr } from "./addressing";
import { type Carrier, ENCAPSULATION_FACTS, type TunnelKind } from "./encapsulation";
import type { LabPlan } from "./lab";
import type { NodePlan } from "./topology";

/** One of several IPPools. */
export interface PoolPlan {
  name: string;
  /** In canonical form. */
  cidr: string;
  /** Prefix length of a block, in bits. */
  blockSize: number;
  encapsulation: Encapsulation;
  /** Whether the encapsulation is that of the lab's key, which a switch changes. */
  follows: boolean;
  natOutgoing: boolean;
  /** The names of the nodes that its nodeSelector selects; absent where it selects all. */
  nodes?: string[];
  /** What its addresses are for. */
  allowedUses: PoolUse[];
  /** Whether Calico takes no address of it. */
  disabled: boolean;
}

/** What of a plan says how pods' packets travel. */
export type Pools = Pick<LabPlan, "encapsulation" | "ipPools">;

/** The pools of a config, in the order in which Calico asks them: by name. Undefined in a lab with one pool. */
export function planPools(
  config: Pick<LabConfig, "ipPools" | "encapsulation" | "blockSize" | "natOutgoing">,
): PoolPlan[] | undefined {
  const pools = config.ipPools?.map(
    (pool): PoolPlan => ({
      name: pool.name,
      cidr: formatCidr(parseCidr(pool.cidr)),
      blockSize: pool.blockSize ?? config.blockSize,
      encapsulation: pool.encapsulation ?? config.encapsulation,
      follows: pool.encapsulation === undefined,
      natOutgoing: pool.natOutgoing ?? config.natOutgoing,
      ...(pool.nodes && { nodes: pool.nodes }),
      allowedUses: pool.allowedUses ?? ["Workload", "Tunnel"],
      disabled: pool.disabled ?? false,
    }),
  );
  return pools?.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Whether Calico takes addresses of a pool for a node, and for what. */
export const selects = (
  { nodes, allowedUses, disabled }: Pick<PoolPlan, "nodes" | "allowedUses" | "disabled">,
  node: string,
  use: PoolUse,
): boolean => !disabled && allowedUses.includes(use) && (nodes?.includes(node) ?? true);

/** The pool that has an address; undefined if none has, and in a lab with one pool. */
export const poolAt = ({ ipPools }: Pick<Pools, "ipPools">, address: string): PoolPlan | undefined =>
  ipPools?.find((pool) => holds(pool, address));

/** How packets to an address of pods travel. */
export const encapsulationAt = (plan: Pools, address: string): Encapsulation =>
  plan.ipPools ? (poolAt(plan, address)?.encapsulation ?? "None") : plan.encapsulation;

/** The encapsulations of a lab, those of disabled pools left out: each once. */
export const encapsulationsOf = ({ encapsulation, ipPools }: Pools): Encapsulation[] =>
  ipPools
    ? [...new Set(ipPools.filter(({ disabled }) => !disabled).map((pool) => pool.encapsulation))]
    : [encapsulation];

/** The encapsulations in words, e.g. `VXLAN` or, with two pools, `None + VXLAN`. */
export const encapsulationText = (plan: Pools): string => encapsulationsOf(plan).join(" + ");

/** Whether any pool follows the key `encapsulation`, so that a switch changes the lab. */
export const canSwitch = ({ ipPools }: Pick<Pools, "ipPools">): boolean =>
  ipPools?.some(({ follows }) => follows) ?? true;

/** The kinds of tunnel that enabled pools have, each once. */
export function tunnelsOf(plan: Pools): TunnelKind[] {
  const kinds = new Set(encapsulationsOf(plan).map((one) => ENCAPSULATION_FACTS[one].tunnel));
  return (["ipip", "vxlan"] as const).filter((kind) => kinds.has(kind));
}

/** Bytes that pods must leave free: the largest header of any pool's tunnel. A disabled pool counts, as Felix counts it. */
export const overheadOf = ({ encapsulation, ipPools }: Pools): number =>
  Math.max(
    ...(ipPools ?? [{ encapsulation }]).map((pool) => ENCAPSULATION_FACTS[pool.encapsulation].overhead),
  );

/** Whether any routes to pods come from BIRD and so depend on BGP. Under VXLAN, Felix programs them. */
export const routesNeedBgp = (plan: Pools): boolean =>
  encapsulationsOf(plan).some((one) => ENCAPSULATION_FACTS[one].routesBy === "BIRD");

/** The MTU of a tunnel's device in bytes. */
export const tunnelMtu = ({ mtu }: Pick<LabPlan, "mtu">, kind: TunnelKind): number =>
  mtu.tunnels?.[kind] ?? mtu.tunnel;

/** Where a node's end of a tunnel is: the address of its device, and the block that it is in. */
export interface TunnelEnd {
  address: string;
  block: string;
}

/**
 * A node's end of a tunnel; undefined where it has none. Felix makes vxlan.calico, and routes by it, only where the node has a
 * tunnel address, which is taken of an enabled pool of that tunnel that selects the node (allocateip.go:
 * `determineEnabledPoolCIDRs`; vxlan_mgr.go waits for the local VTEP; calicoctl#2105). IPIP needs no address.
 */
export function tunnelEndOf(
  node: Pick<NodePlan, "tunnels" | "tunnelAddress" | "block">,
  kind: TunnelKind,
): TunnelEnd | undefined {
  return node.tunnels ? node.tunnels[kind] : { address: node.tunnelAddress, block: node.block };
}

/** A node's blocks: its pods', and those of which it has only a tunnel's address. */
export const blocksOf = ({ block, tunnels }: Pick<NodePlan, "block" | "tunnels">): string[] =>
  tunnels ? [...new Set([block, ...Object.values(tunnels).map((end) => end.block)])] : [block];

/** The block of a node that has an address. Where Calico has chosen another one at run time, that of its pods. */
export function blockWith(node: Pick<NodePlan, "block" | "tunnels">, address: string): string {
  if (!node.tunnels) return node.block;
  const end = Object.values(node.tunnels).find((one) => one.address === address);
  return end?.block ?? node.block;
}

/** Whether Felix can send to a peer by VXLAN: both ends are there, or without the tunnel its own. */
export const hasVtep = (node: NodePlan, peer: NodePlan, carrier: Carrier): boolean =>
  tunnelEndOf(node, "vxlan") !== undefined &&
  (carrier === "direct" || tunnelEndOf(peer, "vxlan") !== undefined);

/** Whether natOutgoing is for packets from a pod's address to another address. */
export function isNatted(
  plan: Pick<LabPlan, "ipPool" | "ipPools">,
  source: string,
  destination: string,
): boolean {
  if (!plan.ipPools) return plan.ipPool.natOutgoing && !holds(plan.ipPool, destination);
  return poolAt(plan, source)?.natOutgoing === true && poolAt(plan, destination) === undefined;
}

/** A pool's `nodeSelector`, in Calico's syntax. */
export function selectorOf({ nodes }: Pick<PoolPlan, "nodes">): string {
  if (!nodes) return "all()";
  const names = nodes.map((name) => `'${name}'`);
  return names.length === 1
    ? `kubernetes.io/hostname == ${names[0]}`
    : `kubernetes.io/hostname in { ${names.join(", ")} }`;
}

/** The pools in words: `a 172.16.0.0/17 None, blocks of /26, on w1; …`. Undefined in a lab with one pool. */
export const poolsText = ({ ipPools }: Pick<Pools, "ipPools">): string | undefined =>
  ipPools
    ?.map(
      ({ name, cidr, blockSize, encapsulation, natOutgoing, nodes, allowedUses, disabled }) =>
        `${name} ${cidr} ${encapsulation}, blocks of /${blockSize}${natOutgoing ? "" : ", no natOutgoing"}${
          nodes ? `, on ${nodes.join(", ")}` : ""
        }${allowedUses.length === 1 ? `, for ${allowedUses[0]} only` : ""}${disabled ? ", disabled" : ""}`,
    )
    .join("; ");

/**
 * The order of two different blocks in Calico's IPAM, which compares their keys as texts. A key has dashes in the place of dots
 * and of the slash, which are before every digit as well.
 */
export const inBlockOrder = (a: string, b: string): number => (a < b ? -1 : 1);
