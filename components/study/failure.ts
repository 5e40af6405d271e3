/** The paths that fail, in words: where, why, how to fix it, and what to read. */
import { isWarning, type PathVerdict, PROBES, rowKey } from "../plan";
import { DEFAULT_WIDTH, wrap } from "./columns";

/** Rows that fail in the same way: the same path, hop and fix. Never empty. */
export type FailureGroup = readonly [PathVerdict, ...PathVerdict[]];

/** The rows that fail, grouped by path, hop and fix, in the order of the verdict. */
export function failureGroups(rows: readonly PathVerdict[]): FailureGroup[] {
  const failing = rows.filter(({ outcome }) => outcome === "fails");
  return groupBy(failing, (row) => `${rowKey(row)}|${row.failure?.hop}|${row.failure?.fix}`);
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
  const [row] = rows;
  const probes = rows.length === PROBES.length ? "" : ` (${rows.map(({ probe }) => probe).join(", ")})`;
  const { hop, cause, fix, reference } = row.failure ?? {};
  return [
    wrap(`${rowKey(row)}${probes} fails at ${hop}: ${cause}.`, { width, taken: label.length }),
    wrap(`  fix: ${fix}.`, { width }),
    wrap(`  see: ${reference}`, { width }),
  ].join("\n");
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
