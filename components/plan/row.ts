/** The rows of a verdict: a path, or a part of one where a fault makes nodes differ. */
import { placeOf } from "../config";
import { gatewayHop, hasDetours, learns, routeFault } from "./bgp";
import { isUniform, poolState } from "./host";
import type { LabPlan } from "./lab";
import { examplesOf, type Pair, pairsOf, rowKey } from "./path";
import { linkFault } from "./site";

/** A row of the verdict. */
export interface Row {
  /** Its name, unique in the verdict: `same-subnet`, `same-subnet to w2`, `same-subnet, others`. */
  key: string;
  /** The part of the path in words, where the path has several rows. */
  part?: string;
  /** One pair that it is about. All of its pairs have the same outcome. */
  pair: Pair;
}

/** The rows of a plan, and which of them each pair belongs to. */
export interface Rows {
  rows: Row[];
  /** The row of a pair. @throws {Error} if the plan has no such pair. */
  rowOf(pair: Pair): Row;
}

/** The nodes of a pair. A path to the internet ends at no node. A NodePort's client asks a node that forwards to another. */
const nodesOf = ({ from, to }: Pair): NodePair => ({
  from: to.kind === "nodeport" && to.policy === "Cluster" ? to.entry.name : from.node,
  to: to.kind === "internet" ? undefined : to.node.name,
});

/** The node of a NodePort's client, if it is another than the one that its packets enter. */
const clientOf = ({ from, to }: Pair): string => (to.kind === "nodeport" ? from.node : "");

interface NodePair {
  from: string;
  to: string | undefined;
}

/**
 * Divides the pairs of a plan into rows. Where all nodes are in the same state, each path (and reach) is one row.
 * Elsewhere a path has one row for each of its outcomes. Where the link between sites is broken, it may lose packets in one
 * direction and answers in the other, so a lab with that is no such lab.
 *
 * @param fateOf what happens to a pair, as text: pairs with equal texts share a row. Of a pair that works it comes first in
 *   the alphabet.
 */
export function divide(plan: LabPlan, fateOf: (pair: Pair) => string): Rows {
  const byPath = new Map<string, Row[]>();
  const parts = new Map<string, Row>();
  const keyOf = (pair: Pair) => {
    const { from, to } = nodesOf(pair);
    return `${rowKey(pair)}|${from}|${to}|${clientOf(pair)}`;
  };
  const examples = examplesOf(plan);
  if (isUniform(plan) && !hasDetours(plan) && !linkFault(plan)) {
    const rows = examples.map((pair) => ({ key: rowKey(pair), pair }));
    const known = new Map(rows.map((row) => [row.key, row]));
    return { rows, rowOf: (pair) => found(known.get(rowKey(pair)), pair) };
  }
  for (const [path, groups] of groupsOf(plan, fateOf)) {
    const universe = groups.flat();
    const largest = groups[0];
    const names = groups.map((group) => (group === largest ? OTHERS : nameOf(group, universe, plan)));
    byPath.set(
      path,
      groups.map((group, i) => {
        const pair = group[0] as Pair;
        const part = groups.length === 1 ? undefined : unique(names, i);
        const row = { key: rowKey({ ...pair, part }), ...(part && { part }), pair };
        for (const one of group) parts.set(keyOf(one), row);
        return row;
      }),
    );
  }
  return {
    rows: examples.flatMap((pair) => byPath.get(rowKey(pair)) ?? []),
    rowOf: (pair) => found(parts.get(keyOf(pair)), pair),
  };
}

/** The largest part of a path. */
const OTHERS = "others";

function found(row: Row | undefined, pair: Pair): Row {
  if (!row) throw new Error(`the plan has no pair ${keyOfNodes(pair)} on the path ${pair.path}`);
  return row;
}

const keyOfNodes = (pair: Pair): string => Object.values(nodesOf(pair)).join(" > ");

/** For each path, its pairs of nodes in groups that share their fate; the largest group first. */
function groupsOf(plan: LabPlan, fateOf: (pair: Pair) => string): Map<string, Pair[][]> {
  const fates = new Map<string, string>();
  const states = new Map<string, number>();
  const hops = new Set(plan.nodes.map((node) => gatewayHop(plan, node)?.name));
  const detours = hasDetours(plan);
  const classes = new Map(
    plan.nodes.map((node) => {
      // The path says whether two nodes share a subnet. Which one it is makes no difference, but to a detour by another node.
      const hop = gatewayHop(plan, node);
      const way = detours ? [node.subnet, hop?.name, hops.has(node.name) && node.name] : [hop !== undefined];
      const text = JSON.stringify([
        node.host,
        node.recordedAddress.endsWith("/32"),
        node.site,
        ...poolState(plan, node),
        ...way,
      ]);
      const state = states.get(text) ?? states.size;
      states.set(text, state);
      return [node.name, { node, state }];
    }),
  );
  // Nodes in one state are alike. So a lab of a hundred nodes needs few traces for its ten thousand pairs.
  const fate = (path: string, pair: Pair) => {
    const { from, to } = nodesOf(pair);
    const [a, b] = [classes.get(from), to === undefined ? undefined : classes.get(to)];
    // Which of the two opens their session depends on their addresses.
    const session = a && b && a !== b ? [learns(plan, a.node, b.node), routeFault(plan, a.node, b.node)] : "";
    const key = `${path}|${a?.state}|${b?.state}|${classes.get(clientOf(pair))?.state}|${session}`;
    const known = fates.get(key) ?? fateOf(pair);
    fates.set(key, known);
    return known;
  };
  const byPath = new Map<string, Map<string, Pair[]>>();
  const first = new Set(plan.nodes.map(({ pods }) => pods[0]?.name));
  for (const pair of pairsOf(plan)) {
    const { from, to } = pair;
    // The pods of a node are alike. One pair of pods stands for their nodes.
    const isPod = from.name !== from.node && pair.path !== "tenant-to-pod";
    if (
      (isPod && !first.has(from.name)) ||
      (to.kind === "pod" && to.pod.node !== from.node && !first.has(to.pod.name))
    )
      continue;
    const path = rowKey(pair);
    const groups = byPath.get(path) ?? new Map<string, Pair[]>();
    byPath.set(path, groups);
    const text = fate(path, pair);
    const group = groups.get(text);
    if (group) group.push(pair);
    else groups.set(text, [pair]);
  }
  // Of two that are equally large, the one that works comes first: its text does.
  const inOrder = ([a, x]: [string, readonly Pair[]], [b, y]: [string, readonly Pair[]]) =>
    y.length - x.length || (a < b ? -1 : 1);
  return new Map(
    [...byPath].map(([path, groups]) => [path, [...groups].sort(inOrder).map(([, group]) => group)]),
  );
}

/** Names the part of a path that some pairs of nodes are: `to w2`, `from/to w2`, or the pairs themselves. */
function nameOf(group: readonly Pair[], universe: readonly Pair[], plan: LabPlan): string {
  const pairs = group.map(nodesOf);
  const all = universe.map(nodesOf);
  const froms = [...new Set(pairs.map(({ from }) => from))];
  const tos = [...new Set(pairs.flatMap(({ to }) => to ?? []))];
  const has = { from: new Set(froms), to: new Set(tos) };
  const size = (belongs: (pair: NodePair) => boolean) => all.filter(belongs).length;
  // If every pair that a rule describes is counted, and there are as many as in the group, it is the group.
  const isGroup = (belongs: (pair: NodePair) => boolean) =>
    pairs.every(belongs) && size(belongs) === pairs.length;
  const touching = (some: readonly NodePair[]) => {
    const counts = new Map<string, number>();
    for (const { from, to } of some)
      for (const name of new Set([from, to ?? from])) counts.set(name, (counts.get(name) ?? 0) + 1);
    return counts;
  };
  const [inAll, inGroup] = [touching(all), touching(pairs)];
  const whole = [...inGroup.keys()].filter((name) => inGroup.get(name) === inAll.get(name));
  const faulty = new Set(plan.faults.flatMap((one) => placeOf(one).nodes ?? []));
  type Candidate = [text: string, nodes: readonly string[], belongs: (pair: NodePair) => boolean];
  const touchingAny = (nodes: readonly string[]): Candidate => [
    "from/to",
    nodes,
    ({ from, to }) => nodes.includes(from) || (to !== undefined && nodes.includes(to)),
  ];
  const candidates: Candidate[] = [
    [all.every(({ from, to }) => from === to) ? "on" : "from", froms, ({ from }) => has.from.has(from)],
    ["to", tos, ({ to }) => to !== undefined && has.to.has(to)],
    touchingAny(whole),
    touchingAny(whole.filter((name) => faulty.has(name))),
  ];
  const fitting = candidates.filter(([, nodes, belongs]) => nodes.length > 0 && isGroup(belongs));
  // Of several that fit, the one that speaks of the faulty nodes: `to w2`, not `from w3`, which is its only neighbour.
  const best = fitting.find(([, nodes]) => nodes.every((name) => faulty.has(name))) ?? fitting[0];
  if (best) return `${best[0]} ${listed(best[1])}`;
  if (isGroup(({ from, to }) => has.from.has(from) && to !== undefined && has.to.has(to)))
    return `from ${listed(froms)} to ${listed(tos)}`;
  return listed(group.map(keyOfNodes));
}

/** At most three names, because a table's column is narrow. */
export const listed = (names: readonly string[]): string =>
  names.length <= 3 ? names.join(", ") : `${names.slice(0, 2).join(", ")} and ${names.length - 2} more`;

/** Long lists are cut, so that two may read the same: number those. */
function unique(names: readonly string[], at: number): string {
  const before = names.slice(0, at).filter((name) => name === names[at]).length;
  return before === 0 ? (names[at] as string) : `${names[at]} (${before + 1})`;
}
