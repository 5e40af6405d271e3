/** The lab's IPPools, as data from the plan. Calico itself creates none: `NO_DEFAULT_POOLS`. */
import { type LabPlan, selectorOf } from "../plan";

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
 * The pools of `ipPools`, or one for all nodes. With `podRoutes`, routers must know every node's block beforehand, but Calico assigns blocks
 * at run time: so each node gets its own pool, with room for just the block that the plan gives it.
 */
export function renderPools({ ipPool, ipPools, podRoutes, nodes, bgp }: LabPlan): IpPool[] {
  const exported = { ...(!bgp.exports && { disableBGPExport: true as const }) };
  if (ipPools)
    return ipPools.map((pool) => {
      const { name, cidr, blockSize, ipipMode, vxlanMode, natOutgoing, allowedUses, disabled } = pool;
      const nodeSelector = selectorOf(pool);
      return {
        name,
        spec: {
          cidr,
          blockSize,
          ipipMode,
          vxlanMode,
          natOutgoing,
          ...(disabled && { disabled }),
          nodeSelector,
          ...exported,
          allowedUses,
        },
      };
    });
  const pool = (name: string, cidr: string, nodeSelector: string): IpPool => ({
    name,
    spec: { ...ipPool, cidr, nodeSelector, ...exported, allowedUses: ["Workload", "Tunnel"] },
  });
  if (podRoutes.length === 0) return [pool(NAME, ipPool.cidr, "all()")];
  return nodes.map(({ name, block }) => pool(`node-${name}`, block, `kubernetes.io/hostname == '${name}'`));
}
