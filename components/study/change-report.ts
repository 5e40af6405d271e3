/** What a switch changes, as text for a terminal. */
import { type PathVerdict, rowKey, type Verdict } from "../plan";
import { DEFAULT_WIDTH, formatColumns, wrap } from "./columns";
import { groupBy, listNames } from "./failure";
import { outcomeOf, type ReportOptions, shorten } from "./verdict-report";

/**
 * The paths that a change of the lab changes: their outcome and how they travel, before and after, in a table. The last
 * line names the paths that stay as they are. Pure: compares two predictions, and measures nothing.
 *
 * @param before the verdict on the lab as it is deployed.
 * @param after the verdict on the lab as it will be.
 * @param options `width`: columns that a line may have; default 80.
 */
export function formatChange(
  before: Pick<Verdict, "paths">,
  after: Pick<Verdict, "paths">,
  { width = DEFAULT_WIDTH }: Pick<ReportOptions, "width"> = {},
): string {
  const [old, now] = [travelByPath(before), travelByPath(after)];
  const paths = [...new Set([...old.keys(), ...now.keys()])];
  const changed = paths.filter((path) => old.get(path) !== now.get(path));
  const same = paths.filter((path) => !changed.includes(path));
  if (changed.length === 0)
    return wrap("No path changes: neither its outcome nor how it travels.", { width });
  const rows = changed.map((path) => [shorten(path), old.get(path) ?? NO_PATH, now.get(path) ?? NO_PATH]);
  const table = formatColumns([{ head: "PATH" }, { head: "BEFORE" }, { head: "AFTER" }], rows, width);
  return same.length === 0 ? table : `${table}\n${wrap(`unchanged: ${listNames(same)}`, { width })}`;
}

/** For a path that only the other lab has, because its nodes are in other subnets. */
const NO_PATH = "no such path";

const travelByPath = ({ paths }: Pick<Verdict, "paths">): Map<string, string> =>
  new Map(groupBy(paths, rowKey).map((rows) => [rowKey(rows[0]), travelOf(rows)]));

/** For example `works: tunl0, IP protocol 4`, `full-MTU fails: direct`. */
export function travelOf(rows: readonly [PathVerdict, ...PathVerdict[]]): string {
  const failing = rows.filter(({ outcome }) => outcome === "fails").map(({ probe }) => probe);
  const outcome = outcomeOf(rows) === "partly" ? `${failing.join(" and ")} fails` : rows[0].outcome;
  return `${outcome}: ${rows[0].carrier}`;
}
