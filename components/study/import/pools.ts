/** Several IPPools of a cluster as the lab's key `ipPools`. */
import { POOL_USES, type PoolUse, type RawConfig } from "../../config";
import { type Cidr, contains, formatCidr, type LabPlan, overlap, parseCidr } from "../../plan";
import type { Facts, PoolFact } from "./facts";
import type { Machine } from "./machines";
import { type Labels, selectorIn } from "./selector";
import { clean } from "./source";

/** A pool of the key `ipPools`. */
export type ImportedPool = NonNullable<RawConfig["ipPools"]>[number];

/** What {@link expressPools} is given. */
interface Wanted {
  facts: Facts;
  machines: readonly Machine[];
  /** The pool whose encapsulation is the lab's. */
  main: PoolFact;
  /** Ranges that no pod can be in. */
  taken: readonly Cidr[];
  /** Where pods are if their own ranges cannot be used. */
  free: string;
  assumptions: string[];
}

/** Prefix lengths of blocks that the lab can have: each holds a tunnel's address and two pods. */
export const BLOCKS = { min: 20, max: 30 };

/** The shortest prefix of a range for all pools. A shorter one leaves no room for nodes and Services. */
const SHORTEST = 9;

/** A name that the lab can have. */
const NAME = /^[a-z](?:[-a-z0-9]{0,30}[a-z0-9])?$/;

/**
 * The pools as the lab has them. What it cannot express is listed with the facts.
 * @returns undefined if one pool for all nodes is left.
 */
export function expressPools(
  pools: readonly PoolFact[],
  wanted: Wanted,
): { podCidr: string; ipPools: ImportedPool[]; poolNames: Readonly<Record<string, string>> } | undefined {
  const { facts, machines, main } = wanted;
  const kept = [...pools].sort((a, b) => (a.name < b.name ? -1 : 1)).flatMap((pool) => usable(pool, wanted));
  const forPods = kept.filter(({ pool, uses }) => !pool.disabled && uses.includes("Workload"));
  if (forPods.length === 0) return undefined;
  const alone = machines.filter(({ name }) => !forPods.some(({ nodes }) => nodes?.includes(name) ?? true));
  for (const { original, name } of alone) {
    const into = forPods.find(({ pool }) => pool === main) ?? forPods[0];
    into?.nodes?.push(name);
    facts.notExpressed.push({
      what: `no enabled IPPool selects the node ${original}, so a new pod there gets no address; in the lab its pods are in ${into?.pool.name}`,
      source: into?.pool.source ?? main.source,
    });
  }
  const [only] = kept;
  if (kept.length === 1 && only?.nodes === undefined && only?.pool === main) return undefined;
  const podCidr = place(kept, wanted);
  const names = namesFor(
    kept.map(({ pool }) => pool.name),
    wanted.assumptions,
  );
  return {
    podCidr,
    poolNames: Object.fromEntries(names.map((name, i) => [name, kept[i]?.pool.name ?? name])),
    ipPools: kept.map(({ pool, nodes, uses, range }, i) => ({
      name: names[i] as string,
      cidr: formatCidr(range),
      ...(pool.encapsulation !== main.encapsulation && { encapsulation: pool.encapsulation }),
      ...fitted(pool, range, nodes?.length ?? nodesOf(machines), wanted),
      natOutgoing: pool.natOutgoing,
      ...(nodes && { nodes }),
      ...(uses.length < POOL_USES.length && { allowedUses: uses }),
      ...(pool.disabled && { disabled: true }),
    })),
  };
}

interface Kept {
  pool: PoolFact;
  /** The names of the nodes in the lab; undefined for all. */
  nodes: string[] | undefined;
  uses: PoolUse[];
  range: Cidr;
}

/** How many nodes the lab has: without any that were read, those of the default topology. */
const nodesOf = (machines: readonly Machine[]): number => machines.length || 4;

function usable(pool: PoolFact, { facts, machines, main }: Wanted): Kept[] {
  const leaveOut = (why: string): Kept[] => {
    facts.notExpressed.push({
      what: clean(`IPPool ${pool.name} (${pool.cidr}, ${pool.encapsulation}): ${why}`),
      source: pool.source,
    });
    return [];
  };
  const uses = POOL_USES.filter((use) => pool.allowedUses?.includes(use) ?? true);
  if (uses.length === 0)
    return leaveOut(`it is only for ${pool.allowedUses?.join(", ")}, which the lab has not`);
  if (pool.exportsDisabled !== undefined && pool.exportsDisabled !== (main.exportsDisabled ?? false))
    facts.notExpressed.push({
      what: `IPPool ${pool.name}: disableBGPExport is ${pool.exportsDisabled}; the lab has it for all pools or none, as ${main.name}`,
      source: pool.source,
    });
  const base = { pool, uses, range: parseCidr(pool.cidr) };
  if (pool.disabled) return [{ ...base, nodes: undefined }];
  const selector = selectorIn(pool.nodeSelector ?? "all()");
  if (!selector) return leaveOut(`its node selector ${pool.nodeSelector} cannot be read`);
  const isSelected = ({ original }: Machine) =>
    selector(labelsOf(facts, original)) ||
    (!areLabelsTold(facts, original) && hasBlock(facts, pool, original));
  const nodes = machines.filter(isSelected).map(({ name }) => name);
  if (nodes.length === 0 && machines.length > 0)
    return leaveOut(`its node selector ${pool.nodeSelector} selects none of the nodes that were read`);
  if (machines.length === 0 && pool.nodeSelector && pool.nodeSelector.trim() !== "all()")
    facts.notExpressed.push({
      what: `IPPool ${pool.name}: it is only for the nodes ${pool.nodeSelector}, and no nodes were read; in the lab it is for all`,
      source: pool.source,
    });
  if (base.range.prefix > BLOCKS.max - Math.ceil(Math.log2(nodes.length || nodesOf(machines))))
    return leaveOut(`it has no block with room for two pods for each of its ${nodes.length} nodes`);
  return [{ ...base, nodes: nodes.length === machines.length ? undefined : nodes }];
}

/** A node's labels. Kubernetes gives every node its name as one. */
function labelsOf(facts: Facts, node: string): Labels {
  const told = facts.nodes.filter(({ name }) => name === node).map(({ labels }) => labels ?? {});
  return Object.assign({ "kubernetes.io/hostname": node }, ...told) as Labels;
}

const areLabelsTold = (facts: Facts, node: string): boolean =>
  facts.nodes.some(({ name, labels }) => name === node && labels !== undefined);

/** Whether a node has a block of a pool: then the pool selects it, or did. */
const hasBlock = (facts: Facts, { cidr }: PoolFact, node: string): boolean =>
  facts.blocks.some((block) => block.node === node && contains(parseCidr(cidr), parseCidr(block.cidr).first));

/** Finds the range with all enabled pools, and moves them where there is none. @returns podCidr. */
function place(kept: Kept[], { facts, main, taken, free, assumptions }: Wanted): string {
  const enabled = kept.filter(({ pool }) => !pool.disabled);
  const range = around(enabled.map((one) => one.range));
  if (range && !taken.some((one) => overlap(one, range))) return formatCidr(range);
  const within = parseCidr(free);
  const prefix = within.prefix + Math.ceil(Math.log2(Math.max(enabled.length, 2)));
  enabled.forEach((one, i) => {
    one.range = { first: within.first + i * 2 ** (32 - prefix), prefix };
  });
  const moved = enabled.map((one) => `${one.pool.name} is ${formatCidr(one.range)}`).join(", ");
  const clash = taken.find((one) => enabled.some(({ pool }) => overlap(one, parseCidr(pool.cidr))));
  if (clash)
    facts.notExpressed.push({
      what: `an IPPool's range overlaps ${formatCidr(clash)}, where nodes are: routes to pods then take packets for nodes away; in the lab ${moved}`,
      source: main.source,
    });
  else
    assumptions.push(
      `no range has all IPPools in it and leaves room for nodes and Services, which the lab needs: ${moved}`,
    );
  for (const one of kept.filter(({ pool, range: own }) => pool.disabled && overlap(own, within))) {
    kept.splice(kept.indexOf(one), 1);
    facts.notExpressed.push({
      what: `IPPool ${one.pool.name} (${one.pool.cidr}, disabled): the lab's pods are in that range`,
      source: one.pool.source,
    });
  }
  return free;
}

/** The smallest range that has all of these; undefined if that is too large. */
function around(ranges: readonly Cidr[]): Cidr | undefined {
  const [first] = ranges as [Cidr];
  for (let { prefix } = first; prefix >= SHORTEST; prefix--) {
    const range = parseCidr(`${formatCidr(first).split("/")[0]}/${prefix}`);
    if (ranges.every((one) => one.prefix >= prefix && contains(range, one.first))) return range;
  }
  return undefined;
}

function fitted(
  { name, blockSize, disabled }: PoolFact,
  { prefix }: Cidr,
  nodes: number,
  { assumptions }: Wanted,
): Pick<ImportedPool, "blockSize"> {
  const enough = disabled ? BLOCKS.min : prefix + Math.ceil(Math.log2(Math.max(nodes, 1)));
  const own = Math.min(Math.max(blockSize, enough, BLOCKS.min), BLOCKS.max);
  if (own !== blockSize && !disabled)
    assumptions.push(
      `blockSize of the IPPool ${name} is ${own} in the lab, not ${blockSize}: every node of the lab has a block, with room for its pods`,
    );
  return { blockSize: own };
}

/** The pools' names, or others in the same order: Calico asks pools by their names. */
function namesFor(names: readonly string[], assumptions: string[]): string[] {
  if (names.every((name) => NAME.test(name)) && new Set(names).size === names.length) return [...names];
  const others = names.map((_, i) => `pool-${String(i + 1).padStart(2, "0")}`);
  assumptions.push(
    clean(`the lab's names of IPPools: ${others.map((other, i) => `${other} is ${names[i]}`).join(", ")}`),
  );
  return others;
}

/** What of the blocks that nodes have is otherwise in the lab: pods of before a pool, and those that name their pool. */
export function otherBlocks(
  facts: Facts,
  { poolNames }: { poolNames?: Readonly<Record<string, string>> },
  plan: LabPlan,
  machines: readonly Machine[],
): void {
  if (!poolNames) return;
  for (const { original, name } of machines) {
    const node = plan.nodes.find((one) => one.name === name);
    const blocks = facts.blocks.filter((block) => block.node === original);
    const own = facts.pools.filter(
      (pool, i) =>
        facts.pools.findIndex(({ cidr }) => cidr === pool.cidr) === i &&
        blocks.some(({ cidr }) => contains(parseCidr(pool.cidr), parseCidr(cidr).first)),
    );
    const [first] = blocks;
    if (
      !node ||
      !first ||
      own.length === 0 ||
      (own.length === 1 && own[0]?.name === poolNames[node.pool ?? ""])
    )
      continue;
    facts.notExpressed.push({
      what: clean(
        `${original} has blocks of ${own.map(({ name }) => name).join(", ")}: of pods from before a pool or a selector changed, of pods or namespaces that name their pool, or of a tunnel; in the lab its pods are in ${node.pool}`,
      ),
      source: first.source,
    });
  }
}
