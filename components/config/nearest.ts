/** Finds the name that the user probably meant. */

/** Longer input is no typing mistake, and comparing it would take long. */
const MAX_LENGTH = 64;

/**
 * The name that is most like what was typed, for "did you mean …?".
 *
 * Capitals, hyphens, underscores and spaces do not count. A third of the letters may be wrong, missing, too many or
 * swapped with their neighbour.
 *
 * @returns undefined if no name is near enough, or `typed` is not text.
 */
export function nearest<Name extends string>(typed: unknown, names: readonly Name[]): Name | undefined {
  if (typeof typed !== "string" || typed.length > MAX_LENGTH) return undefined;
  const plain = simplify(typed);
  const ranked = names
    .map((name) => ({ name, distance: distance(plain, simplify(name)) }))
    .filter((one) => one.distance <= simplify(one.name).length / 3)
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.name;
}

/** `; did you mean VXLAN?`, or nothing: the end of an error message. */
export function suggestion(typed: unknown, names: readonly string[]): string {
  const name = nearest(typed, names);
  return name === undefined ? "" : `; did you mean ${name}?`;
}

const simplify = (text: string): string => text.toLowerCase().replace(/[-_\s]/g, "");

/** How many letters must be changed, added, removed or swapped with their neighbour (optimal string alignment). */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number) => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    rows.push([i]);
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const ways = [at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (same ? 0 : 1)];
      rows[i]?.push(Math.min(...ways, ...(swapped ? [at(i - 2, j - 2) + 1] : [])));
    }
  }
  return at(a.length, b.length);
}
