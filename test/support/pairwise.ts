/**
 * Pairwise (all-pairs) selection of test cases.
 *
 * Every valid case is given as a list, so that constraints need no language of their own. covertable 2.5.2 builds cases
 * from the dimensions instead and drops pairs under constraints: 25 of the 212 of the twin's matrix.
 */

/** A case: its value in every dimension. All cases of a list must have the same dimensions. */
export type Values = Readonly<Record<string, string>>;

/** Every pair of values of two dimensions that a case has, as text. */
export function pairsOf(values: Values): string[] {
  const entries = Object.entries(values)
    .map((entry) => JSON.stringify(entry))
    .sort();
  return entries.flatMap((one, i) => entries.slice(i + 1).map((other) => `${one} ${other}`));
}

/**
 * Selects cases until every pair of values that occurs in some case occurs in a selected case. Greedy: the next case is the
 * one with the most new pairs, and of several the first, so put cheap cases first. The same list gives the same selection.
 *
 * @param chosen cases that are selected already.
 * @param pairs what a case is worth selecting for.
 * @returns `chosen`, then the added cases.
 */
export function pairwise<T extends Values>(
  cases: readonly T[],
  chosen: readonly T[] = [],
  pairs: (one: T) => string[] = pairsOf,
): T[] {
  const selection = [...chosen];
  const covered = new Set(selection.flatMap(pairs));
  const candidates = cases.map((one) => ({ one, wanted: pairs(one) }));
  for (;;) {
    let best: T | undefined;
    let most = 0;
    for (const { one, wanted } of candidates) {
      const fresh = wanted.filter((pair) => !covered.has(pair)).length;
      if (fresh > most) [best, most] = [one, fresh];
    }
    if (!best) return selection;
    selection.push(best);
    for (const pair of pairs(best)) covered.add(pair);
  }
}
