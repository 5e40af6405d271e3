/** What a switch changed: the paths whose outcome, or whose way, is another one. Pure. */
import Table from "cli-table3";
import { judge, type LabPlan, type PathVerdict, rowKey } from "../../components/plan";
import type { Observation } from "../../components/study";
import { type Deployment, twinOf } from "./deployment";

/** A path before and after. */
export interface PathChange {
  path: string;
  before: string;
  after: string;
}

/** A path as it is in a lab, in a few words. */
type Paths = Map<string, string>;

type Row = PathVerdict & Partial<Observation["rows"][number]>;

/**
 * The paths of a lab, each with its outcome and how it travels: as measured on a twin, as predicted on machines.
 * @param planned the plan of a lab on machines, whose state has none.
 */
export function pathsOf(deployed: Deployment | undefined, planned: LabPlan | undefined): Paths {
  const observed = twinOf(deployed)?.observation?.rows;
  const rows: readonly Row[] = observed ?? (planned ? judge(planned).paths : []);
  const keys = [...new Set(rows.map(rowKey))];
  return new Map(keys.map((key) => [key, describe(rows.filter((row) => rowKey(row) === key))]));
}

/** `works 32/32, direct`, or what each probe does where they differ. */
function describe(rows: readonly Row[]): string {
  const words = rows.map(({ outcome, observed, working, pairs }) =>
    pairs === undefined ? outcome : `${observed} ${working}/${pairs}`,
  );
  const same = new Set(words).size === 1;
  const outcome = same ? words[0] : rows.map(({ probe }, i) => `${probe} ${words[i]}`).join(", ");
  return `${outcome}, ${rows[0]?.carrier}`;
}

/** The paths that differ. A path that one of the labs does not have is `none` there. */
export function changesBetween(before: Paths, after: Paths): PathChange[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])];
  return paths
    .map((path) => ({ path, before: before.get(path) ?? "none", after: after.get(path) ?? "none" }))
    .filter((change) => change.before !== change.after);
}

/** Widths of the columns, with the blanks beside the text: 80 with the lines between them. */
const WIDTHS = [28, 24, 24];

/** The changes as a table of at most 80 columns. */
export function changeTable(changes: readonly PathChange[]): string {
  const table = new Table({
    head: ["path", "before", "after"],
    style: { head: [], border: [], compact: true },
    colWidths: WIDTHS,
    wordWrap: true,
  });
  for (const { path, before, after } of changes) table.push([path, before, after]);
  return table.toString();
}
