/** What the figures of a benchmark's rounds say together. Pure. */
import {
  type Bench,
  type BenchPair,
  type BenchSample,
  type Figures,
  METRIC_NAMES,
  type Metric,
  type Way,
} from "./bench";

/** The middle of the rounds, and how far they are apart. */
export interface Middle {
  median: number;
  /** Half of the distance between the smallest and the largest. */
  spread: number;
  /** How many rounds. */
  rounds: number;
}

/** The median and the spread of some values; undefined of none. */
export function middleOf(values: readonly number[]): Middle | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[0], sorted.at(-1)];
  if (low === undefined || high === undefined) return undefined;
  const half = sorted.length / 2;
  const around = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]] as [number, number];
  return { median: (around[0] + around[1]) / 2, spread: (high - low) / 2, rounds: sorted.length };
}

type Figure = keyof Figures;

/** A figure of a path in a way, over all rounds. */
export const figureOf = (bench: Pick<Bench, "samples">, path: string, way: Way, figure: Figure) =>
  middleOf(samplesOf(bench, path, way).flatMap(({ figures }) => figures[figure] ?? []));

/**
 * A figure as the ratio to the path without encapsulation. Each round is divided by the baseline of the same round: a
 * machine is not equally busy all the time.
 */
export function ratioOf(
  bench: Pick<Bench, "samples">,
  { path, baseline }: Pick<BenchPair, "path" | "baseline">,
  way: Way,
  metric: Metric,
): Middle | undefined {
  const base = new Map(
    samplesOf(bench, path, baseline).map(({ round, figures }) => [round, figures[metric]]),
  );
  return middleOf(
    samplesOf(bench, path, way).flatMap(({ round, figures }) => {
      const [value, divisor] = [figures[metric], base.get(round)];
      return value !== undefined && divisor ? [value / divisor] : [];
    }),
  );
}

const samplesOf = ({ samples }: Pick<Bench, "samples">, path: string, way: Way): BenchSample[] =>
  samples.filter((sample) => sample.path === path && sample.way === way);

/** The ways in which a path was measured, the baseline first, then as the encapsulations are ordered. */
export function waysOf(bench: Pick<Bench, "modes" | "samples">, { path, baseline }: BenchPair): Way[] {
  const modes = bench.modes.map(({ encapsulation }) => encapsulation as Way);
  return [baseline, ...modes.filter((mode) => mode !== baseline)].filter(
    (way) => samplesOf(bench, path, way).length > 0,
  );
}

/** The figures of a path in a way: the median of the rounds, and the ratio to the path without encapsulation. */
export interface BenchFigure {
  path: string;
  way: Way;
  /** By the metric's name. `value` in the metric's unit. */
  metrics: Partial<Record<Metric, { value: number; spread: number; ratio?: number; ratioSpread?: number }>>;
}

/** Every figure, for programs that need not repeat the arithmetic. */
export const benchFigures = (bench: Bench): BenchFigure[] =>
  bench.pairs.flatMap((pair) =>
    waysOf(bench, pair).map((way) => ({
      path: pair.path,
      way,
      metrics: Object.fromEntries(
        METRIC_NAMES.flatMap((metric) => {
          const value = figureOf(bench, pair.path, way, metric);
          const ratio = ratioOf(bench, pair, way, metric);
          if (!value) return [];
          return [
            [
              metric,
              {
                value: value.median,
                spread: value.spread,
                ...(ratio && { ratio: ratio.median, ratioSpread: ratio.spread }),
              },
            ],
          ];
        }),
      ),
    })),
  );
