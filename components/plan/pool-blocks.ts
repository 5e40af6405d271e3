/**
 * Which blocks of several IPPools the nodes of a new cluster get.
 *
 * calico-node first takes the addresses of its tunnels: of IPIP, then of VXLAN (node/pkg/allocateip/allocateip.go:
 * `reconcileTunnelAddrs`), each of the first enabled pool with that tunnel that selects the node. Pools come in the order of
 * their names (libcalico-go, ipam.go: `determinePools` lists them). A pod then takes an address of a block that its node has
 * already, if its pool is for pods and selects the node, and only otherwise a new block of the first such pool
 * (`findOrClaimBlock`). So a tunnel's pool goes before the others.
 */
import { blockOf, formatCidr, parseCidr, toAddress } from "./addressing";
import { ENCAPSULATION_FACTS } from "./encapsulation";
import { inBlockOrder, type PoolPlan, selects, type TunnelEnd } from "./pool";

/** A node's blocks. */
export interface NodeBlocks {
  /** The name of the pool of its pods. */
  pool: string;
  /** The block of its pods. */
  block: string;
  tunnels: { ipip?: TunnelEnd; vxlan?: TunnelEnd };
}

/** What {@link planBlocks} finds. */
interface Blocks {
  /** By the name of the node. A node without a pool for its pods is absent. */
  blocks: Map<string, NodeBlocks>;
  /** How many blocks of a pool are taken, by its name. */
  taken: Map<string, number>;
}

/**
 * The blocks of each node.
 * @param pools by name. Does not check that they are large enough.
 * @param nodes their names, in the lab's order.
 */
export function planBlocks(pools: readonly PoolPlan[], nodes: readonly string[]): Blocks {
  const used = new Map<string, number>();
  const claim = (pool: PoolPlan) => {
    const index = used.get(pool.name) ?? 0;
    used.set(pool.name, index + 1);
    return formatCidr(blockOf(parseCidr(pool.cidr), pool.blockSize, index));
  };
  const blocks = new Map<string, NodeBlocks>();
  for (const node of nodes) {
    const claimed = new Map<PoolPlan, string>();
    const tunnels: NodeBlocks["tunnels"] = {};
    for (const kind of ["ipip", "vxlan"] as const) {
      const pool = pools.find(
        (one) => ENCAPSULATION_FACTS[one.encapsulation].tunnel === kind && selects(one, node, "Tunnel"),
      );
      if (!pool) continue;
      const block = claim(pool);
      claimed.set(pool, block);
      tunnels[kind] = { address: toAddress(parseCidr(block).first), block };
    }
    const [taken] = [...claimed]
      .filter(([pool]) => selects(pool, node, "Workload"))
      .sort(([, a], [, b]) => inBlockOrder(a, b));
    const pool = taken?.[0] ?? pools.find((one) => selects(one, node, "Workload"));
    if (pool) blocks.set(node, { pool: pool.name, block: taken?.[1] ?? claim(pool), tunnels });
  }
  return { blocks, taken: used };
}
