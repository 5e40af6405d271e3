/** What a benchmark measures, in which order. Pure. */
import { ENCAPSULATIONS, type Encapsulation } from "../../config";
import { carrierBetween, type Failure, type LabPlan, nameOf, type Pair, pairsOf, traceOf } from "../../plan";
import {
  BENCH_PATHS,
  type BenchLoss,
  type BenchMode,
  type BenchPair,
  type BenchPath,
  WARM_UP,
  type Way,
} from "./bench";

/** How a benchmark is made. */
export interface BenchSettings {
  rounds: number;
  /** Seconds of each measurement of throughput. */
  seconds: number;
}

/** The lab in an encapsulation, or why it cannot have it. */
export type ModePlan =
  | { encapsulation: Encapsulation; plan: LabPlan }
  | { encapsulation: Encapsulation; refused: string };

/** What is measured, before anything was. */
export interface BenchOrder extends BenchSettings {
  plans: Map<Encapsulation, LabPlan>;
  /** The lab's own encapsulation. */
  own: Encapsulation;
  pairs: BenchPair[];
  modes: BenchMode[];
  lost: BenchLoss[];
}

/** A step of a benchmark: the lab is brought to an encapsulation, and these are measured. */
export interface BenchStep {
  round: number;
  encapsulation: Encapsulation;
  measurements: { pair: BenchPair; way: Way }[];
}

/** How many pairs of a path are looked at to find one that works in every encapsulation. */
const CANDIDATES = 100;

/** The probes that must all work where throughput is to be measured. */
const NEEDED = ["ICMP", "TCP", "full-MTU"] as const;

/**
 * Orders a benchmark.
 * @param own the lab as it is.
 * @param pairs that can be measured.
 * @param modes the encapsulations to measure, with the lab's plan in each.
 */
export function benchOrder(
  own: Encapsulation,
  pairs: readonly Pair[],
  modes: readonly ModePlan[],
  settings: BenchSettings,
): BenchOrder {
  const plans = new Map(modes.flatMap((mode) => ("plan" in mode ? [[mode.encapsulation, mode.plan]] : [])));
  const chosen = BENCH_PATHS.flatMap((path) => choose(path, pairs, plans) ?? []);
  const ends = chosen.map(({ pair, losses }): BenchPair => {
    const works = [...plans.keys()].filter((mode) => !losses.has(mode));
    return {
      path: pair.path as BenchPath,
      from: pair.from.name,
      to: nameOf(pair.to),
      nodes: [pair.from.node, pair.to.kind === "pod" ? pair.to.node.name : ""],
      baseline: baselineOf(pair.path as BenchPath, works),
    };
  });
  const lost = chosen.flatMap(({ pair, losses }) =>
    [...losses].map(([encapsulation, { hop, cause, fix }]) => ({
      path: pair.path as BenchPath,
      encapsulation,
      hop,
      cause,
      fix,
    })),
  );
  return {
    ...settings,
    plans,
    own,
    pairs: ends,
    lost,
    modes: modes.map((mode) =>
      "plan" in mode
        ? {
            encapsulation: mode.encapsulation,
            mtu: mode.plan.mtu.pod,
            carriers: Object.fromEntries(chosen.map(({ pair }) => [pair.path, carrierOf(mode.plan, pair)])),
          }
        : mode,
    ),
  };
}

/** The path without encapsulation: that of None, else between the nodes. Inside a node no encapsulation has any effect. */
function baselineOf(path: BenchPath, works: readonly Encapsulation[]): Way {
  if (works.includes("None")) return "None";
  return path === "same-node" ? (works[0] ?? "None") : "nodes";
}

interface Choice {
  pair: Pair;
  losses: Map<Encapsulation, Failure>;
}

/** The first pair of a path that works in the most encapsulations: a fault may be on some nodes only. */
function choose(
  path: BenchPath,
  pairs: readonly Pair[],
  plans: ReadonlyMap<Encapsulation, LabPlan>,
): Choice | undefined {
  let best: Choice | undefined;
  for (const pair of pairs.filter((one) => one.path === path).slice(0, CANDIDATES)) {
    const losses = new Map(
      [...plans].flatMap(([mode, plan]) => {
        const failure = failureOf(plan, pair);
        return failure ? [[mode, failure]] : [];
      }),
    );
    if (!best || losses.size < best.losses.size) best = { pair, losses };
    if (losses.size === 0) break;
  }
  return best;
}

function failureOf(plan: LabPlan, pair: Pair): Failure | undefined {
  const same = sameIn(plan, pair);
  for (const probe of NEEDED) {
    const { failure } = traceOf(plan, same, probe);
    if (failure) return failure;
  }
  return undefined;
}

/** `ipip`, `vxlan`, or `direct`. */
function carrierOf(plan: LabPlan, pair: Pair): string {
  const { from, to } = sameIn(plan, pair);
  const node = plan.nodes.find(({ name }) => name === from.node);
  return to.kind === "pod" && node && node.name !== to.node.name
    ? carrierBetween(plan, node, to.node)
    : "direct";
}

/** The pair with the nodes as they are in a plan. */
function sameIn(plan: LabPlan, pair: Pair): Pair {
  const { from, to } = pair;
  const isSame = (other: Pair) =>
    other.path === pair.path && other.from.name === from.name && nameOf(other.to) === nameOf(to);
  return pairsOf(plan).find(isSame) ?? pair;
}

/**
 * The steps, round after round. Each round begins with another encapsulation, so that what changes on a machine meanwhile
 * does not always meet the same one. The first step is the lab's own, which it has already.
 */
export function stepsOf({ plans, own, pairs, lost, rounds }: BenchOrder): BenchStep[] {
  const modes = [...plans.keys()].sort((a, b) => placeOf(a, own) - placeOf(b, own));
  return Array.from({ length: rounds }, (_, i) => rotated(modes, i)).flatMap((order, i) =>
    order.map((encapsulation, at): BenchStep => {
      const isLost = ({ path }: BenchPair) =>
        lost.some((loss) => loss.path === path && loss.encapsulation === encapsulation);
      const between = pairs.filter((pair) => !isLost(pair)).map((pair) => ({ pair, way: encapsulation }));
      // Between the nodes no encapsulation has any effect: once in each round is as often as all others.
      const direct = pairs.filter(({ baseline }) => at === 0 && baseline === "nodes");
      return {
        round: i + 1,
        encapsulation,
        measurements: [...between, ...direct.map((pair) => ({ pair, way: "nodes" as const }))],
      };
    }),
  );
}

const placeOf = (one: Encapsulation, first: Encapsulation): number =>
  one === first ? -1 : ENCAPSULATIONS.indexOf(one);

function rotated<T>(items: readonly T[], by: number): T[] {
  const at = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}

/** Seconds that the pings of a measurement take, and that programs take to start. */
const OVERHEAD = 2.5;

/**
 * About how many seconds a benchmark takes.
 * @param change seconds of a change of encapsulation.
 */
export function durationOf(order: BenchOrder, change: number): number {
  const steps = stepsOf(order);
  const measurements = steps.reduce((sum, step) => sum + step.measurements.length, 0);
  // UDP needs no warm-up of its own.
  const one = OVERHEAD + 3 * order.seconds + 2 * WARM_UP;
  return measurements * one + changesIn(steps, order.own) * change;
}

/** How many times the lab is switched, with the way back. */
export function changesIn(steps: readonly BenchStep[], own: Encapsulation): number {
  const modes = [own, ...steps.map(({ encapsulation }) => encapsulation), own];
  return modes.slice(1).filter((mode, i) => mode !== modes[i]).length;
}
