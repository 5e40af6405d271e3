/** The paths that fail, in words: where, why, how to fix it, and what to read. */
import { isWarning, type PathVerdict, probesOf, rowKey } from "../plan";
import { DEFAULT_WIDTH, wrap } from "./columns";

/** Rows that fail in the same way: one fix helps all of them. Never empty. */
export type FailureGroup = readonly [PathVerdict, ...PathVerdict[]];

/** The rows that fail, grouped by their fix and what explains it, in the order of the verdict. */
export function failureGroups(rows: readonly PathVerdict[]): FailureGroup[] {
  const failing = rows.filter(({ outcome }) => outcome === "fails");
  return groupBy(failing, ({ failure }) => `${failure?.fix}|${failure?.reference}`);
}

/** Whether no fault in the config asks for this failure, so that the user must be warned. */
export const isUnintended = ([row]: FailureGroup): boolean => isWarning(row);

/** How a failure is described. */
export interface FailureOptions {
  /** Columns that a line may have. Default: 80. */
  width?: number;
  /** What the reader sees before the text on its first line. It is not part of the text. Default: nothing. */
  label?: string;
}

/**
 * Describes a group of failures in three paragraphs: where and why, the fix, the reference. The reference is a URL, which
 * is never broken.
 */
export function describeFailure(
  rows: FailureGroup,
  { width = DEFAULT_WIDTH, label = "" }: FailureOptions = {},
): string {
  const { hop, cause, fix, reference } = rows[0].failure ?? {};
  const paths = groupBy(rows, rowKey);
  const fails = paths.length === 1 ? "fails" : "fail, the first of them";
  return [
    wrap(`${namesOf(paths)} ${fails} at ${hop}: ${cause}.`, { width, taken: label.length }),
    wrap(`  fix: ${fix}.`, { width }),
    wrap(`  see: ${reference}`, { width }),
  ].join("\n");
}

/** For example `same-subnet (full-MTU), pod-to-service (same-subnet) (full-MTU)`: the probes if only some of them fail. */
function namesOf(paths: readonly FailureGroup[]): string {
  const named = paths.map((rows) => ({
    path: rows[0].path,
    key: rowKey(rows[0]),
    probes: rows.length === probesOf(rows[0]).length ? "" : ` (${rows.map(({ probe }) => probe).join(", ")})`,
  }));
  return groupBy(named, ({ path, probes }) => `${path}|${probes}`)
    .map((same) => listNames(same.map(({ key }) => key)) + same[0].probes)
    .join(", ");
}

/**
 * Names of rows in a list, shorter where one path has several: `node-to-pod (same-subnet, cross-subnet)`, or with the part
 * of each, `node-to-pod (same-subnet to w2, cross-subnet others)`.
 */
export function listNames(keys: readonly string[]): string {
  const named = keys.map((key) => {
    const [, path = key, reach, part = ""] = /^(\S+) \((.+?)\)(.*)$/.exec(key) ?? [];
    return { path, which: reach && reach + part.replace(/^,/, "") };
  });
  return groupBy(named, ({ path }) => path)
    .map((same) => {
      const which = same.flatMap((one) => one.which ?? []);
      return `${same[0].path}${which.length > 0 ? ` (${which.join(", ")})` : ""}`;
    })
    .join(", ");
}

/** As {@link describeFailure}, after `intended: ` if a fault in the config asks for the failure, else `warning: `. */
export function labelFailure(rows: FailureGroup, width: number = DEFAULT_WIDTH): string {
  const label = isUnintended(rows) ? "warning: " : "intended: ";
  return label + describeFailure(rows, { width, label });
}

/** Puts items with the same key into one group. Keeps the order in which the keys first occur. */
export function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): [Item, ...Item[]][] {
  const groups = new Map<string, [Item, ...Item[]]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return [...groups.values()];
}
