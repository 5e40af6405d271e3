/** Which pairs are probed in a cluster. */
import { type LabPlan, nameOf, type Pair, pairsOf, podNames, rowsOf } from "../../plan";
import { ALL_PAIRS_UP_TO, nearby, type Sample } from "../sample";
import { podsIn } from "./manifest";

/**
 * The pairs among the pods that the study has in a cluster: one on each node, and a second one on the first node. Pure.
 *
 * Above {@link ALL_PAIRS_UP_TO} nodes it is a sample of {@link nearby} nodes, because each probe is a process of its own.
 */
export function clusterSample(plan: LabPlan, all: boolean): Sample {
  const there = new Set([...podsIn(plan), ...plan.nodes.map(({ name }) => name)]);
  const has = ({ from, to }: Pair) => there.has(from.name) && (to.kind !== "pod" || there.has(to.pod.name));
  const pairs = pairsOf(plan)
    .map((pair) => fromFirst(plan, there, pair))
    .filter(has);
  if (all || plan.nodes.length <= ALL_PAIRS_UP_TO) return { pairs, of: pairs.length };
  return { pairs: nearby(plan, pairs), of: pairs.length };
}

/** A pair from a second pod to a node is sent from the node's first pod where there is no second one. */
function fromFirst(plan: LabPlan, there: ReadonlySet<string>, pair: Pair): Pair {
  const { from, to } = pair;
  if (to.kind !== "node" || there.has(from.name)) return pair;
  const node = plan.nodes.find(({ name }) => name === from.node);
  const first = node?.pods.find(({ name }) => name === podNames(from.node)[0]);
  return first ? { ...pair, from: first } : pair;
}

/** The pair of the sample that stands for a row of the verdict: its example if the cluster has that. */
export function exampleOf(sample: readonly Pair[], row: string, plan: LabPlan): Pair | undefined {
  const { rows, rowOf } = rowsOf(plan);
  const wanted = rows.find(({ key }) => key === row)?.pair;
  const inRow = sample.filter((pair) => rowOf(pair).key === row);
  const same = ({ from, to }: Pair) =>
    from.name === wanted?.from.name && nameOf(to) === (wanted && nameOf(wanted.to));
  return inRow.find(same) ?? inRow[0];
}
