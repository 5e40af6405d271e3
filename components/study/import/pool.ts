/** The IPPools of the lab: the one that most nodes use, and where the cluster has several, all that can be expressed. */
import type { Encapsulation } from "../../config";
import { type Cidr, contains, formatCidr, overlap, parseCidr } from "../../plan";
import type { Facts, PoolFact } from "./facts";
import { isBlock, isNic, type Machine } from "./machines";
import { BLOCKS, expressPools, type ImportedPool } from "./pools";
import { showSource } from "./source";

/** The pool of the lab. */
export interface ChosenPool {
  cidr: string;
  blockSize: number;
  encapsulation: Encapsulation;
  natOutgoing: boolean;
  /** Absent where it was not read but assumed. */
  pool?: PoolFact;
  /** Absent in a lab with one pool. Then `cidr` is the range of all of them. */
  ipPools?: ImportedPool[];
  /** The pools' names in the cluster, by those in the lab. Absent in a lab with one pool. */
  poolNames?: Readonly<Record<string, string>>;
}

/** What was chosen, and what had to be assumed or left out. */
interface Choice {
  chosen: ChosenPool;
  assumptions: string[];
}

/** Where pods are if their own range cannot be used. */
const FREE = [
  "172.16.0.0/16",
  "10.244.0.0/16",
  "192.168.0.0/16",
  "100.64.0.0/16",
  "10.128.0.0/16",
  "172.24.0.0/16",
];

/** Chooses the pools. Those that are left out are listed with the facts. */
export function poolOf(
  facts: Facts,
  subnets: readonly string[],
  nodes: number,
  machines: readonly Machine[],
): Choice {
  const assumptions: string[] = [];
  const pools = poolsIn(facts);
  const chosen = fromPools(facts, pools) ?? fromRoutes(facts, assumptions) ?? standard(assumptions);
  contradictions(facts, chosen, pools);
  const several = chosen.pool && severalOf(facts, pools, chosen.pool, { subnets, machines, assumptions });
  if (several) {
    const { podCidr: cidr, ...rest } = several;
    return { chosen: { ...chosen, cidr, blockSize: blockSizeOf(chosen), ...rest }, assumptions };
  }
  return { chosen: fitting(chosen, { subnets, nodes, facts, assumptions }), assumptions };
}

/** With several pools, each names its own. */
const blockSizeOf = ({ blockSize }: ChosenPool): number =>
  Math.min(Math.max(blockSize, BLOCKS.min), BLOCKS.max);

/** The key `ipPools`; undefined if there is one pool for all nodes. */
function severalOf(
  facts: Facts,
  pools: readonly PoolFact[],
  main: PoolFact,
  {
    subnets,
    machines,
    assumptions,
  }: Pick<Limits, "subnets" | "assumptions"> & { machines: readonly Machine[] },
): ReturnType<typeof expressPools> {
  const isAlone = pools.length === 1 && (main.nodeSelector ?? "all()").trim() === "all()";
  if (isAlone && !main.allowedUses) return undefined;
  const taken = takenBy(subnets);
  return expressPools(pools, { facts, machines, main, taken, free: freeOf(taken), assumptions });
}

/** The cluster's pools: of each object that makes some, those that count. */
function poolsIn(facts: Facts): PoolFact[] {
  const byRank = [...facts.pools].sort((a, b) => a.rank - b.rank);
  // The operator makes an IPPool of each of its own, so these are the same two times.
  const distinct = byRank.filter((pool, i) => byRank.findIndex(({ cidr }) => cidr === pool.cidr) === i);
  const lowest = Math.min(...distinct.map(({ rank }) => rank));
  return distinct.filter(({ rank }) => rank === lowest || rank === 1);
}

/** The pool that most nodes use. */
function fromPools(facts: Facts, pools: readonly PoolFact[]): ChosenPool | undefined {
  const active = pools.filter(
    ({ disabled, allowedUses }) => !disabled && (allowedUses?.includes("Workload") ?? true),
  );
  const blocksIn = ({ cidr }: PoolFact) =>
    facts.blocks.filter((block) => contains(parseCidr(cidr), parseCidr(block.cidr).first)).length;
  const [pool] = [...active].sort((a, b) => blocksIn(b) - blocksIn(a) || a.rank - b.rank);
  if (!pool) return undefined;
  return { ...pool, pool };
}

/** By the routes to blocks: which devices they use. */
function fromRoutes(facts: Facts, assumptions: string[]): ChosenPool | undefined {
  const blocks = facts.routes.filter(({ destination }) => isBlock(destination));
  const toOthers = blocks.filter(({ via, isBlackhole, from }) => via && !isBlackhole && !from);
  const used = {
    ipip: toOthers.some(({ device }) => device === "tunl0"),
    vxlan: toOthers.some(({ device }) => device === "vxlan.calico"),
    direct: toOthers.some(({ device }) => isNic(device)),
  };
  const [first] = toOthers;
  if (!first) return undefined;
  const tunnel = used.vxlan ? "VXLAN" : used.ipip ? "IPIP" : undefined;
  const encapsulation: Encapsulation = tunnel ? (used.direct ? `${tunnel}CrossSubnet` : tunnel) : "None";
  const blockSize = Number(first.destination.split("/")[1]);
  // Without the networks that the node is in itself, which may have the same prefix lengths.
  const ranges = blocks.filter(({ from }) => !from).map(({ destination }) => parseCidr(destination));
  const cidr = around(ranges);
  assumptions.push(
    `no IPPool was given: encapsulation ${encapsulation} by the devices of the routes (${showSource(first.source)}), pods in ${cidr}, natOutgoing true`,
  );
  return { cidr, blockSize, encapsulation, natOutgoing: true };
}

/** The smallest range of at least a /16 that has all of these. */
function around(ranges: readonly Cidr[]): string {
  const [first] = ranges;
  for (let prefix = 16; prefix > 8; prefix--) {
    const range = parseCidr(`${formatCidr(first as Cidr).split("/")[0]}/${prefix}`);
    if (ranges.every((one) => contains(range, one.first))) return formatCidr(range);
  }
  return formatCidr(parseCidr(`${formatCidr(first as Cidr).split("/")[0]}/16`));
}

function standard(assumptions: string[]): ChosenPool {
  assumptions.push(
    "no IPPool was given, and no route to a block: assumed Calico's own defaults for a manifest, IPIP and 192.168.0.0/16",
  );
  return { cidr: "192.168.0.0/16", blockSize: 26, encapsulation: "IPIP", natOutgoing: true };
}

/** Routes that the pool's encapsulation does not have: of an earlier one (calico#4022), or of a node that is unlike others. */
function contradictions(facts: Facts, { pool }: ChosenPool, pools: readonly PoolFact[]): void {
  if (pool) for (const one of pools) if (!one.disabled) contradict(facts, one);
}

function contradict(facts: Facts, { encapsulation, cidr }: PoolFact): void {
  const range = parseCidr(cidr);
  const device = { IPIP: "tunl0", VXLAN: "vxlan.calico" }[encapsulation.replace("CrossSubnet", "")];
  const isCrossSubnet = encapsulation.endsWith("CrossSubnet");
  for (const route of facts.routes) {
    if (!route.via || route.isBlackhole || !route.destination.includes("/")) continue;
    if (!contains(range, parseCidr(route.destination).first)) continue;
    const isExpected = route.device === device || ((isCrossSubnet || !device) && isNic(route.device));
    if (!isExpected)
      facts.notExpressed.push({
        what: `the route to ${route.destination} is by ${route.device}, which ${encapsulation} has not: an earlier encapsulation's route may have stayed (calico#4022)`,
        source: route.source,
      });
  }
}

interface Limits {
  subnets: readonly string[];
  nodes: number;
  facts: Facts;
  assumptions: string[];
}

/** Where no pod can be. */
const takenBy = (subnets: readonly string[]): Cidr[] =>
  [...subnets, "203.0.113.0/24", "169.254.0.0/16", "0.0.0.0/8", "127.0.0.0/8"].map(parseCidr);

const freeOf = (taken: readonly Cidr[]): string =>
  FREE.find((one) => !taken.some((other) => overlap(other, parseCidr(one)))) ?? (FREE[0] as string);

/** The pool as the lab can have it. */
function fitting(given: ChosenPool, { subnets, nodes, facts, assumptions }: Limits): ChosenPool {
  const range = parseCidr(given.cidr);
  const chosen = { ...given, cidr: formatCidr(range) };
  const taken = takenBy(subnets);
  const clash = taken.find((one) => overlap(one, range));
  if (clash) {
    const free = freeOf(taken);
    const what = `the pods' range ${chosen.cidr} overlaps ${formatCidr(clash)}, where nodes are: routes to pods then take packets for nodes away. Make the ranges distinct; the lab cannot have that and puts its pods into ${free}`;
    if (given.pool) facts.notExpressed.push({ what, source: given.pool.source });
    else assumptions.push(`pods are in ${free}, because nodes are in ${chosen.cidr}`);
    chosen.cidr = free;
  }
  const { prefix } = parseCidr(chosen.cidr);
  const enough = Math.max(
    prefix + Math.ceil(Math.log2(Math.max(nodes, 1))),
    BLOCKS.min,
    Math.min(prefix, BLOCKS.max),
  );
  const blockSize = Math.min(Math.max(chosen.blockSize, enough), BLOCKS.max);
  if (blockSize !== chosen.blockSize) {
    assumptions.push(
      `blockSize is ${blockSize} in the lab, not ${chosen.blockSize}: every node of the lab has a block, with room for its pods`,
    );
    chosen.blockSize = blockSize;
  }
  if (prefix > BLOCKS.max - Math.ceil(Math.log2(Math.max(nodes, 1)))) {
    assumptions.push(`the pods' range ${chosen.cidr} has no block for each node: the lab has ${FREE[0]}`);
    chosen.cidr = freeOf(taken);
    chosen.blockSize = 26;
  }
  return chosen;
}
