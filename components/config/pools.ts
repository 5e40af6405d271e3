/** The key `ipPools`: a cluster with several of Calico's IPPools. */
import { ENCAPSULATIONS } from "./choices";
import { MAX_NODES } from "./topology";
import { cidr, flag, list, name, oneOf, section, whole } from "./value";

/** What Calico may take addresses of a pool for (`IPPool.spec.allowedUses`): pods, and the nodes' tunnel devices. */
export const POOL_USES = ["Workload", "Tunnel"] as const;
/** One of the {@link POOL_USES}. */
export type PoolUse = (typeof POOL_USES)[number];

/** The prefix lengths of a node's block, in bits. */
export const blockSize = () => whole(20, 30, "a block holds the tunnel's address and two study pods");

/** The most pools of a lab. Calico has no limit. */
const MAX_POOLS = 20;

const pool = section({
  /** The pool's name: at most 32 lower-case letters, digits and hyphens. Calico asks its pools in the order of their names. */
  name: name(),
  /** The pool's range, an IPv4 CIDR. That of an enabled pool must be inside `podCidr`. */
  cidr: cidr(),
  /** How packets to the pool's blocks travel. Default: the key `encapsulation`, which `lab switch` changes. */
  encapsulation: oneOf(ENCAPSULATIONS).optional(),
  /** The prefix length of a block, in bits, from 20 to 30. Default: the key `blockSize`. */
  blockSize: blockSize().optional(),
  /** Whether packets of the pool's pods to addresses in no pool leave with their node's address. Default: the key `natOutgoing`. */
  natOutgoing: flag().optional(),
  /** The nodes that the pool's `nodeSelector` selects, by their names. Default: all nodes. */
  nodes: list(name(), 1, MAX_NODES, "names of nodes").optional(),
  /** What its addresses are for: of `Workload` and `Tunnel`. Default: both. */
  allowedUses: list(oneOf(POOL_USES), 1, POOL_USES.length, "of Workload, Tunnel").optional(),
  /** Whether Calico takes no address of the pool. Its range still counts as one of pods. Default: `false`. */
  disabled: flag().optional(),
});

/** The value of the key `ipPools`. */
export const ipPools = () => list(pool, 1, MAX_POOLS, "pools, each { name, cidr, encapsulation, nodes, … }");
