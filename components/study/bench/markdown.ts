/** A benchmark as Markdown: for the summary of a CI job, for an issue, and in a report. */
import { list, plain, table } from "../markdown-text";
import { type Bench, METRIC_NAMES, METRICS } from "./bench";
import { benchCaution, benchCells, benchMethod, benchNotes, labelOf, summaryRows } from "./report";
import { figureOf, waysOf } from "./statistics";

/** @param lab the stack's name. Ends with a line break. */
export const formatBenchMarkdown = (lab: string, bench: Bench): string =>
  `${[`## ${plain(lab)}: what the encapsulations cost`, ...benchSections(bench)].join("\n\n")}\n`;

/** The paragraphs and tables, without a title. */
export function benchSections(bench: Bench): string[] {
  const machines = bench.machines.map(
    ({ nodes, kernel, processors, processor, iperf3 }) =>
      `${nodes.join(", ")}: ${kernel}, ${processors} × ${processor}, iperf3 ${iperf3}`,
  );
  const heads = [
    "Encapsulation",
    ...METRIC_NAMES.map((metric) => METRICS[metric].title),
    "Datagrams lost",
    "Segments sent again (1, 8)",
  ];
  return [
    `**${benchCaution(bench)}**`,
    "TCP throughput with one stream, as a ratio to the path without encapsulation:",
    table(["Encapsulation", ...bench.pairs.map(({ path }) => path)], summaryRows(bench)),
    ...bench.pairs.flatMap((pair) => [
      `### ${pair.path}, ${plain(`${pair.from} > ${pair.to}`)}`,
      table(
        heads,
        waysOf(bench, pair).map((way) => {
          const of = (figure: Parameters<typeof figureOf>[3]) =>
            figureOf(bench, pair.path, way, figure)?.median;
          const [lost, one, eight] = [of("udpLost"), of("retransmits1"), of("retransmits8")];
          return [
            labelOf(way),
            ...benchCells(bench, pair, way),
            lost === undefined ? "–" : `${(lost * 100).toFixed(0)} %`,
            `${one ?? "–"}, ${eight ?? "–"}`,
          ];
        }),
      ),
    ]),
    "The first line of each path is the path without encapsulation; the others are ratios to it, ± half of the distance between the rounds.",
    list([benchMethod(bench), ...machines, ...benchNotes(bench)]),
  ];
}
