/** The lab's IPPools, as data from the plan. Calico itself creates none: `NO_DEFAULT_POOLS`. */
import { ENCAPSULATION_FACTS, type LabPlan, type PoolPlan, selectorOf } from "../plan";

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

/**
 * The pools of `ipPools` in the order in which they must come, or one for all nodes. With `podRoutes`, routers must know every node's block beforehand, but Calico
 * assigns blocks at run time: so each node gets its own pool, with room for just the block that the plan gives it.
 */
export function renderPools({ ipPool, ipPools, podRoutes, nodes, bgp }: LabPlan): IpPool[] {
  const pool = (
    name: string,
    { allowedUses = ["Workload", "Tunnel"], ...spec }: Omit<IpPoolSpec, "allowedUses"> & Partial<IpPoolSpec>,
  ): IpPool => ({
    name,
    spec: { ...spec, ...(!bgp.exports && { disableBGPExport: true }), allowedUses },
  });
  if (ipPools)
    return inOrder(ipPools).map(
      ({ name, cidr, blockSize, encapsulation, natOutgoing, nodes, allowedUses, disabled }) => {
        const { ipipMode, vxlanMode } = ENCAPSULATION_FACTS[encapsulation];
        const modes = { ipipMode, vxlanMode, natOutgoing, ...(disabled && { disabled }) };
        return pool(name, { cidr, blockSize, ...modes, nodeSelector: selectorOf({ nodes }), allowedUses });
      },
    );
  if (podRoutes.length === 0) return [pool(NAME, { ...ipPool, nodeSelector: selectorOf({}) })];
  return nodes.map(({ name, block }) =>
    pool(`node-${name}`, { ...ipPool, cidr: block, nodeSelector: selectorOf({ nodes: [name] }) }),
  );
}
