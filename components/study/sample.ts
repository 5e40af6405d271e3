/** Which pairs an observation probes: all of them, or in a large lab a sample. */
import { countPairs, type LabPlan, type NodePlan, type Pair, pairsOf, rowKey, rowsOf } from "../plan";

/** Number of nodes above which not every pair of pods is probed. 16 nodes have 1248 pairs, which take a second or two. */
export const ALL_PAIRS_UP_TO = 16;

/** Number of nodes above which not every two nodes are probed: their pairs grow with the square of the nodes. */
export const EVERY_TWO_UP_TO = 32;

/** The pairs to probe, and how many there are in all. */
export interface Sample {
  pairs: Pair[];
  of: number;
}

/**
 * The pairs that an observation probes. Pure and deterministic: the same plan has the same sample.
 *
 * Above {@link ALL_PAIRS_UP_TO} nodes, each path from one node to another has a single pair for each two nodes and
 * direction, because the number of pods multiplies only what the nodes do. The pods take turns, so that each of them is a
 * source and a destination. Pairs inside a node, and those to Services and the internet, are all in the sample:
 * of these there are only as many as nodes.
 *
 * Above {@link EVERY_TWO_UP_TO} nodes only {@link nearby} nodes are taken together, so that the work for each node stays the
 * same.
 *
 * @param all whether to probe every pair, whatever the number of nodes.
 */
export function sampleOf(plan: LabPlan, all = false): Sample {
  const size = plan.nodes.length;
  const pairs = !all && size > EVERY_TWO_UP_TO ? nearbyOf(plan) : pairsOf(plan);
  if (all || size <= ALL_PAIRS_UP_TO) return { pairs, of: pairs.length };
  const indices = new Map(plan.nodes.map(({ name, index }) => [name, index]));
  const groups = new Map<string, Pair[]>();
  const sample: Pair[] = [];
  for (const pair of pairs) {
    const { from, to } = pair;
    if ((to.kind !== "pod" && to.kind !== "node") || to.node.name === from.node) sample.push(pair);
    else {
      const key = `${rowKey(pair)}|${pair.port ?? ""}|${from.node}|${to.node.name}`;
      const group = groups.get(key);
      if (group) group.push(pair);
      else groups.set(key, [pair]);
    }
  }
  for (const group of groups.values()) {
    const { from, to } = group[0] as Pair;
    const turn = (indices.get(from.node) ?? 0) + (to.kind === "internet" ? 0 : to.node.index);
    sample.push(group[turn % group.length] as Pair);
  }
  return { pairs: sample, of: countPairs(plan) };
}

/** As {@link nearby} of all pairs, but without listing them all: their number grows with the square of the nodes. */
const nearbyOf = (plan: LabPlan): Pair[] =>
  nearby(
    plan,
    pairsOf(plan, nearIn(plan)),
    rowsOf(plan).rows.map(({ pair }) => pair),
  );

/**
 * Of these pairs, those of nodes at the distances 1, 2, 4, 8, … before and behind each other in the plan's order, which are
 * about 13 of 100 nodes, and one for each row of the verdict that has none then. Pure.
 * @param others where to look for the missing rows. Default: the pairs themselves.
 */
export function nearby(plan: LabPlan, pairs: readonly Pair[], others = pairs): Pair[] {
  const nodes = new Map(plan.nodes.map((node) => [node.name, node]));
  const areNear = nearIn(plan);
  const isNear = ({ from, to }: Pair): boolean => {
    const node = nodes.get(from.node);
    return (to.kind !== "pod" && to.kind !== "node") || !node || areNear(node, to.node);
  };
  const { rowOf } = rowsOf(plan);
  const near = pairs.filter(isNear);
  const shown = new Set(near.map((pair) => rowOf(pair).key));
  const missing = others.filter((pair) => {
    const { key } = rowOf(pair);
    return !shown.has(key) && shown.add(key);
  });
  return [...near, ...missing];
}

/** Whether two nodes are near each other in the plan's order, or the same. */
function nearIn({ nodes: { length: count } }: LabPlan): (from: NodePlan, to: NodePlan) => boolean {
  return (from, to) => {
    const distance = (to.index - from.index + count) % count;
    return isPowerOfTwo(distance) || isPowerOfTwo(count - distance) || distance === 0;
  };
}

const isPowerOfTwo = (number: number): boolean => number > 0 && (number & (number - 1)) === 0;
