/** A benchmark as Markdown: for the summary of a CI job, for an issue, and in a report. */
import { list, plain, table } from "../markdown-text";
import { type Bench, METRIC_NAMES, METRICS } from "./bench";
import {
  BENCH_LEGEND,
  benchCaution,
  benchCells,
  benchMachines,
  benchMethod,
  benchNotes,
  explanationOf,
  labelOf,
  summaryRows,
} from "./report";
import { waysOf } from "./statistics";

/** @param lab the stack's name. Ends with a line break. */
export const formatBenchMarkdown = (lab: string, bench: Bench): string =>
  `${[`## ${plain(lab)}: what the encapsulations cost`, ...benchSections(bench)].join("\n\n")}\n`;

/** The paragraphs and tables, without a title. */
export function benchSections(bench: Bench): string[] {
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
          const { lost = "–", one = "–", eight = "–" } = explanationOf(bench, pair.path, way);
          return [labelOf(way), ...benchCells(bench, pair, way), lost, `${one}, ${eight}`];
        }),
      ),
    ]),
    BENCH_LEGEND,
    list([benchMethod(bench), ...benchMachines(bench), ...benchNotes(bench)]),
  ];
}
