/** A benchmark for a terminal, and as Markdown. */
import { DEFAULT_WIDTH, formatColumns, wrap } from "../columns";
import { type Bench, type BenchPair, METRIC_NAMES, METRICS, type Metric, WARM_UP, type Way } from "./bench";
import { figureOf, type Middle, ratioOf, waysOf } from "./statistics";

/** What a way is called. */
export const labelOf = (way: Way): string => (way === "nodes" ? "node to node" : way);

/** What the figures are of, and what they are not. */
export function benchCaution({ of, onTwin }: Pick<Bench, "of" | "onTwin">): string {
  return onTwin
    ? "Measured on the network twin: this kernel's datapath, and not a cloud's network."
    : `Measured on ${of}.`;
}

/** How it was measured, in sentences. */
export function benchMethod({ rounds, seconds, modes, mtu }: Bench): string {
  const times =
    rounds === 1 ? "One round" : `Median of ${rounds} rounds, which begin with another encapsulation each`;
  const each = modes.flatMap((mode) => ("mtu" in mode ? [`${mode.encapsulation} ${mode.mtu}`] : []));
  return `${times}; ${seconds} s for each throughput, after a warm-up of ${WARM_UP} s. MTU: ${mtu} on the link, in pods ${each.join(", ")}.`;
}

/** The headline as rows of a table: for each encapsulation, TCP's throughput with one stream on each path, as a ratio. */
export const summaryRows = (bench: Bench): string[][] =>
  bench.modes.flatMap((mode) => {
    if ("refused" in mode) return [];
    const { encapsulation } = mode;
    const cells = bench.pairs.map((pair) => {
      const isLost = bench.lost.some(
        (loss) => loss.path === pair.path && loss.encapsulation === encapsulation,
      );
      if (isLost) return "lost";
      return encapsulation === pair.baseline ? "1" : inRatio(ratioOf(bench, pair, encapsulation, "tcp1"));
    });
    return [[encapsulation, ...cells]];
  });

/** What is below the tables, each in a paragraph: what was lost, what was not measured, and with what a path is compared. */
export function benchNotes(bench: Bench): string[] {
  const { pairs, lost, modes, samples, notes } = bench;
  const without = pairs.filter(({ baseline }) => baseline === "nodes").map(({ path }) => path);
  const problems = samples.flatMap(({ path, way, problems: all }) =>
    all.map((problem) => `${labelOf(way)}, ${path}: not measured: ${problem}.`),
  );
  return [
    ...notes,
    ...(without.length > 0
      ? [
          `${without.join(" and ")}: held against the same two nodes without pods, because there is no path between their pods without encapsulation.`,
        ]
      : []),
    ...lost.map(
      ({ path, encapsulation, hop, cause, fix }) =>
        `${encapsulation}, ${path}: lost at ${hop}: ${cause}. Fix: ${fix}.`,
    ),
    ...refusals(modes).map(({ names, why }) => `${names}: not measured: ${why}.`),
    ...new Set(problems),
  ];
}

/** The encapsulations that cannot be measured, those together that have the same reason. */
export function refusals(modes: Bench["modes"]): { names: string; why: string }[] {
  const names = new Map<string, string[]>();
  for (const mode of modes)
    if ("refused" in mode) names.set(mode.refused, [...(names.get(mode.refused) ?? []), mode.encapsulation]);
  return [...names].map(([why, same]) => ({ names: same.join(" and "), why }));
}

/** A figure with its unit, with two or three digits that mean something: `23.4 Gbit/s`, `31 µs`. */
export function inUnit(value: number, metric: Metric): string {
  // As exact as ping is.
  if (METRICS[metric].unit === "ms")
    return value < 1 ? `${Math.round(value * 1000)} µs` : `${digits(value)} ms`;
  const [divisor, unit] = value >= 1e9 ? [1e9, "Gbit/s"] : value >= 1e6 ? [1e6, "Mbit/s"] : [1e3, "kbit/s"];
  return `${digits(value / divisor)} ${unit}`;
}

const digits = (value: number): string => value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);

/** `0.61 ±0.04`; of one round only `0.61`. */
export const inRatio = (ratio: Middle | undefined): string =>
  ratio ? `${ratio.median.toFixed(2)}${ratio.rounds > 1 ? ` ±${ratio.spread.toFixed(2)}` : ""}` : "–";

/** The cells of a way: the baseline's figures, or the ratios to them. */
export const benchCells = (bench: Bench, pair: BenchPair, way: Way): string[] =>
  METRIC_NAMES.map((metric) => {
    if (way !== pair.baseline) return inRatio(ratioOf(bench, pair, way, metric));
    const figure = figureOf(bench, pair.path, way, metric);
    return figure ? inUnit(figure.median, metric) : "–";
  });

/** What explains the figures of a way: the datagrams that were lost in per cent, the segments that TCP sent again. */
export function explanationOf(bench: Bench, path: string, way: Way) {
  const of = (figure: Parameters<typeof figureOf>[3]) => figureOf(bench, path, way, figure)?.median;
  const [lost, one, eight] = [of("udpLost"), of("retransmits1"), of("retransmits8")];
  return { lost: lost === undefined ? undefined : `${(lost * 100).toFixed(0)} %`, one, eight };
}

function detailOf(bench: Bench, path: string, way: Way): string {
  const { lost, one, eight } = explanationOf(bench, path, way);
  const parts = [
    lost === undefined ? [] : `${lost} of the datagrams lost`,
    one === undefined && eight === undefined ? [] : `segments sent again: ${one ?? "–"} and ${eight ?? "–"}`,
  ];
  return parts.flat().join("; ");
}

/** How the tables of the paths are to be read. */
export const BENCH_LEGEND =
  "The first line of each path is the path without encapsulation; the others are ratios to it, ± half of the distance between the rounds.";

/** The machines, a line each. */
export const benchMachines = ({ machines }: Bench): string[] =>
  machines.map(
    ({ nodes, kernel, processors, processor, iperf3 }) =>
      `${nodes.join(", ")}: ${kernel}, ${processors} × ${processor}, iperf3 ${iperf3}`,
  );

const heads = METRIC_NAMES.map((metric) => METRICS[metric].head);

/** The benchmark as text. @param verbose also lost datagrams, repeated segments and machines. */
export function formatBench(
  bench: Bench,
  { width = DEFAULT_WIDTH, verbose = false }: { width?: number; verbose?: boolean } = {},
): string {
  const columns = (names: readonly string[]) => names.map((head) => ({ head }));
  const paths = bench.pairs.map(({ path }) => path);
  const notes = benchNotes(bench);
  const tables = bench.pairs.map((pair) => {
    const rows = waysOf(bench, pair).map((way) => [labelOf(way), ...benchCells(bench, pair, way)]);
    const details = waysOf(bench, pair).map((way) => `  ${labelOf(way)}: ${detailOf(bench, pair.path, way)}`);
    return [
      `${pair.path}, ${pair.from} > ${pair.to}`,
      formatColumns(columns(["ENCAPSULATION", ...heads.map((head) => head.toUpperCase())]), rows, width),
      ...(verbose ? details : []),
    ].join("\n");
  });
  const paragraphs = (texts: readonly string[]) => texts.map((text) => wrap(text, { width })).join("\n");
  return [
    [
      paragraphs(["TCP throughput (one stream) as a ratio to the path without encapsulation:"]),
      formatColumns(
        columns(["ENCAPSULATION", ...paths.map((path) => path.toUpperCase())]),
        summaryRows(bench),
        width,
      ),
    ].join("\n"),
    ...tables,
    paragraphs([
      BENCH_LEGEND,
      benchMethod(bench),
      benchCaution(bench),
      ...(verbose ? benchMachines(bench) : []),
    ]),
    ...(notes.length > 0 ? [paragraphs(notes)] : []),
  ].join("\n\n");
}
