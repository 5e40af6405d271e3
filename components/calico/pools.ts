/** The lab's IPPools, as data from the plan. Calico itself creates none: `NO_DEFAULT_POOLS`. */
import { blocksOf, ENCAPSULATION_FACTS, holds, type LabPlan, type PoolPlan, selectorOf } from "../plan";

/** The fields of `IPPool.spec` that we set (docs: reference/resources/ippool). `cidr` and `blockSize` cannot change. */
export interface IpPoolSpec {
  cidr: string;
  blockSize: number;
  ipipMode: "Always" | "CrossSubnet" | "Never";
  vxlanMode: "Always" | "CrossSubnet" | "Never";
  natOutgoing: boolean;
  /** Set only where Calico is to take no address of the pool. */
  disabled?: true;
  /** Set only where BGP is not to tell of the pool's blocks. */
  disableBGPExport?: true;
  nodeSelector: string;
  allowedUses: readonly string[];
}

export interface IpPool {
  name: string;
  spec: IpPoolSpec;
}

/** The name that Calico gives its own first pool, so that you find ours where you look for it. */
const NAME = "default-ipv4-ippool";

/**
 * The order in which a new cluster must get its pools: those with addresses for tunnels first. calico-node takes its tunnel's
 * address of the first such pool that is there and keeps it, and a block that a node has is where its pods go: a pod that
 * starts between two pools, as CoreDNS, would otherwise take the node's pods into a pool without the tunnel.
 */
function inOrder(pools: readonly PoolPlan[]): PoolPlan[] {
  const isForTunnels = ({ encapsulation, allowedUses, disabled }: PoolPlan): boolean =>
    !disabled && allowedUses.includes("Tunnel") && ENCAPSULATION_FACTS[encapsulation].tunnel !== undefined;
  return [...pools.filter(isForTunnels), ...pools.filter((pool) => !isForTunnels(pool))];
}

/** Selects no node (docs: reference/resources/ippool). */
const NO_NODE = "!all()";

/**
 * The lab's pools in the order in which they must come. With `podRoutes: static`, routers must know every node's blocks
 * beforehand, but Calico assigns blocks at run time: so each node gets pools of its own, with room for just the blocks that
 * the plan gives it.
 */
export function renderPools(plan: LabPlan): IpPool[] {
  const { ipPool, ipPools, podRoutes, nodes, bgp } = plan;
  const pool = (
    name: string,
    { allowedUses = ["Workload", "Tunnel"], ...spec }: Omit<IpPoolSpec, "allowedUses"> & Partial<IpPoolSpec>,
  ): IpPool => ({
    name,
    spec: { ...spec, ...(!bgp.exports && { disableBGPExport: true }), allowedUses },
  });
  if (ipPools) {
    const each =
      podRoutes.length === 0 ? inOrder(ipPools).map(whole) : ipPools.flatMap((one) => byBlock(plan, one));
    return each.map(({ name, spec }) => pool(name, spec));
  }
  if (podRoutes.length === 0) return [pool(NAME, { ...ipPool, nodeSelector: selectorOf({}) })];
  return nodes.map(({ name, block }) =>
    pool(`node-${name}`, { ...ipPool, cidr: block, nodeSelector: selectorOf({ nodes: [name] }) }),
  );
}

/** One of several pools as it is. */
function whole(pool: PoolPlan): IpPool {
  const { name, cidr, blockSize, encapsulation, natOutgoing, allowedUses, disabled } = pool;
  const { ipipMode, vxlanMode } = ENCAPSULATION_FACTS[encapsulation];
  const modes = { ipipMode, vxlanMode, natOutgoing, ...(disabled && { disabled }) };
  return { name, spec: { cidr, blockSize, ...modes, nodeSelector: selectorOf(pool), allowedUses } };
}

/**
 * One of several pools as a pool for each block of it that a node has, and for nothing but what the node has it for. One of
 * which no node has a block stays, for no node: Felix also counts such a pool for pods' MTU and for natOutgoing.
 */
function byBlock({ nodes }: LabPlan, pool: PoolPlan): IpPool[] {
  const { spec } = whole(pool);
  if (pool.disabled) return [{ name: pool.name, spec }];
  const own = nodes.flatMap((node) =>
    blocksOf(node).flatMap((block): IpPool[] => {
      if (!holds(pool, block.split("/")[0] as string)) return [];
      const isForTunnel = Object.values(node.tunnels ?? {}).some((end) => end.block === block);
      const allowedUses = [...(block === node.block ? ["Workload"] : []), ...(isForTunnel ? ["Tunnel"] : [])];
      const nodeSelector = selectorOf({ nodes: [node.name] });
      // No name of a pool or a node has a dot.
      return [
        { name: `${pool.name}.${node.name}`, spec: { ...spec, cidr: block, nodeSelector, allowedUses } },
      ];
    }),
  );
  return own.length > 0 ? own : [{ name: pool.name, spec: { ...spec, nodeSelector: NO_NODE } }];
}
