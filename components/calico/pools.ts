/** The lab's IPPools, as data of the plan. Calico makes none of its own: `NO_DEFAULT_POOLS`. */
import type { LabPlan } from "../plan";

/** What of `IPPool.spec` we say (docs: reference/resources/ippool); all but `cidr` and `blockSize` may change. */
export interface IpPoolSpec {
  cidr: string;
  blockSize: number;
  ipipMode: "Always" | "CrossSubnet" | "Never";
  vxlanMode: "Always" | "CrossSubnet" | "Never";
  natOutgoing: boolean;
  nodeSelector: string;
  allowedUses: readonly string[];
}

export interface IpPool {
  name: string;
  spec: IpPoolSpec;
}

/** The name that Calico gives to its own first pool: what people look for. */
const NAME = "default-ipv4-ippool";

/**
 * One pool; or, where routers must know beforehand which block is whose, one per node with room for just its block.
 * Calico hands blocks out at run time, and only so does a node get the one that the plan says.
 */
export function renderPools({ ipPool, podRoutes, nodes }: LabPlan): IpPool[] {
  const pool = (name: string, cidr: string, nodeSelector: string): IpPool => ({
    name,
    spec: { ...ipPool, cidr, nodeSelector, allowedUses: ["Workload", "Tunnel"] },
  });
  if (podRoutes.length === 0) return [pool(NAME, ipPool.cidr, "all()")];
  return nodes.map(({ name, block }) => pool(`node-${name}`, block, `kubernetes.io/hostname == '${name}'`));
}
