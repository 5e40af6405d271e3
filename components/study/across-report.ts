/** The paths between two stacks that are two sites, as text for a terminal. */
import type { Across } from "../plan";
import { type Column, DEFAULT_WIDTH, formatColumns, wrap } from "./columns";
import type { ReportOptions } from "./verdict-report";

const COLUMNS: readonly Column[] = [
  { head: "PATH" },
  { head: "FROM" },
  { head: "" },
  { head: "TTL" },
  { head: "MTU" },
  { head: "HOW IT TRAVELS" },
];

/** What is predicted for the tunnel to another stack: a summary, and a table with one row for each path. */
export function formatAcross(
  { down, paths }: Across,
  peer: string,
  { width = DEFAULT_WIDTH }: ReportOptions = {},
): string {
  const rows = paths.map(({ path, from, outcome, ttl = "-", mtu = "-", travels }) => [
    path,
    from,
    outcome,
    `${ttl}`,
    `${mtu}`,
    travels,
  ]);
  const head = `Across the tunnel to ${peer} (a prediction, from the configs of both stacks)`;
  if (down !== undefined) return wrap(`${head}: there is none, because ${down}.`, { width });
  return [wrap(`${head}:`, { width }), formatColumns(COLUMNS, rows, width)].join("\n");
}
