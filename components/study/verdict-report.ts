/** The verdict as text for a terminal, and what a switch changes in it. */
import { type PathVerdict, type ProbeName, rowKey, type Verdict } from "../plan";
import { type Column, DEFAULT_WIDTH, formatColumns, wrap } from "./columns";
import { type FailureGroup, failureGroups, groupBy, labelFailure } from "./failure";

/** How a report is written. */
export interface ReportOptions {
  /** Write everything that is known, not only what most readers need. Default: false. */
  verbose?: boolean;
  /** Columns that a line may have. Default: 80. Only a URL can be longer. */
  width?: number;
}

/**
 * The verdict as text, without colours, which Pulumi and CI logs do not show reliably: a summary in the first line, a
 * table with one row for each path, then what fails and how to fix it, which nodes are not ready, and what the verdict
 * cannot know. With `verbose`, also the example that was traced for each path, and each failing probe by itself.
 */
export function formatVerdict(verdict: Verdict, options: ReportOptions = {}): string {
  const { verbose = false, width = DEFAULT_WIDTH } = options;
  const groups: FailureGroup[] = verbose
    ? verdict.paths.filter(({ outcome }) => outcome === "fails").map((row) => [row])
    : failureGroups(verdict.paths);
  return [
    formatOutcomes(verdict, options),
    ...groups.map((rows) => labelFailure(rows, width)),
    ...formatRemarks(verdict, width),
    formatUnknown(verdict, width),
  ].join("\n");
}

/** The first part of {@link formatVerdict}: the summary and the table. With `verbose`, the examples after it. */
export function formatOutcomes(
  { paths }: Verdict,
  { verbose = false, width = DEFAULT_WIDTH }: ReportOptions = {},
): string {
  const columns: Column[] = [{ head: "PATH" }, ...PROBE_COLUMNS, { head: "HOW IT TRAVELS" }];
  const byPath = groupBy(paths, rowKey);
  const rows = byPath.map((probes) => [
    shorten(rowKey(probes[0])),
    ...PROBE_COLUMNS.map((column) => rowIn(probes, column)?.outcome ?? "-"),
    probes[0].carrier,
  ]);
  const examples = byPath.map(([row]) => wrap(`${rowKey(row)}: traced ${row.example}`, { width }));
  return [
    wrap(`Verdict (a prediction): ${summarize(byPath)}`, { width }),
    formatColumns(columns, rows, width),
    ...(verbose ? examples : []),
  ].join("\n");
}

/** Which nodes are not ready, with Calico's message for the first of them, and the remarks: a wrapped paragraph each. */
export function formatRemarks({ notReady, remarks }: Verdict, width: number = DEFAULT_WIDTH): string[] {
  const [first, ...others] = notReady;
  return [
    ...(first ? [`${first.node}: ${first.message}`] : []),
    ...(others.length > 0 ? [`${others.map(({ node }) => node).join(", ")}: not ready either`] : []),
    ...remarks.map((remark) => `note: ${remark}`),
  ].map((text) => wrap(text, { width }));
}

/** What the verdict cannot know, as one wrapped paragraph. */
export const formatUnknown = ({ unknown }: Verdict, width: number = DEFAULT_WIDTH): string =>
  wrap(`The verdict cannot know: ${unknown.join("; ")}.`, { width });

/** A column of the tables, with the probes that it shows. A path has only one of them. */
export interface ProbeColumn extends Column {
  probes: readonly ProbeName[];
}

/** The probes' columns. A datagram stands below the same head as a ping, because a Service answers one of them only. */
export const PROBE_COLUMNS: readonly ProbeColumn[] = [
  { head: "PING", probes: ["ICMP", "UDP"] },
  { head: "TCP", probes: ["TCP"] },
  { head: "MTU", probes: ["full-MTU"] },
];

/** The one of a path's rows that belongs into a column, if the path has one. */
export const rowIn = <Row extends Pick<PathVerdict, "probe">>(
  rows: readonly Row[],
  { probes }: ProbeColumn,
): Row | undefined => rows.find(({ probe }) => probes.includes(probe));

/** A row's name for a table: the longest ones would not leave room for the other columns. */
export const shorten = (key: string): string => key.replace("-subnet)", ")");

/** `works` or `fails`, or `partly` if only some probes work. */
export function outcomeOf(rows: readonly Pick<PathVerdict, "outcome">[]): string {
  const outcomes = [...new Set(rows.map(({ outcome }) => outcome))];
  return outcomes.length === 1 ? (outcomes[0] as string) : "partly";
}

/** How many of the paths fail, in words. Each has its rows in a list. */
export function summarize(byPath: readonly (readonly PathVerdict[])[]): string {
  const failing = byPath.filter((rows) => outcomeOf(rows) !== "works").length;
  if (failing === 0) return "every path works";
  return `${failing} of ${byPath.length} paths ${failing === 1 ? "fails" : "fail"}`;
}
