/** Words that the user nearly typed right. Pure. */
import { ENCAPSULATIONS } from "../../components/config";
import { badUsage } from "./failure";

/** The most letters that may be wrong in a word, as a share of its length. */
const TOLERANCE = 0.4;

/** ` Did you mean VXLAN?` for the nearest of the known words, or nothing where none is near. */
export function suggestion(word: string, known: readonly string[]): string {
  const ranked = known
    .map((name) => ({ name, distance: distanceOf(word.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= TOLERANCE * Math.max(word.length, name.length))
    .sort((a, b) => a.distance - b.distance);
  return ranked[0] ? ` Did you mean ${ranked[0].name}?` : "";
}

/** The known word that differs from this one at most in upper and lower case. */
export const sameWord = (word: string, known: readonly string[]): string | undefined =>
  known.find((name) => name === word) ?? known.find((name) => name.toLowerCase() === word.toLowerCase());

/**
 * An encapsulation in its own spelling: `vxlan` is VXLAN.
 * @throws {Failure} when there is none of that name.
 */
export function encapsulationOf(word: string): string {
  const found = sameWord(word, ENCAPSULATIONS);
  if (found) return found;
  throw badUsage(
    `"${word}" is not an encapsulation; it must be one of ${ENCAPSULATIONS.join(", ")}.${suggestion(word, ENCAPSULATIONS)}`,
  );
}

/** How many letters must be added, removed, replaced or swapped with a neighbour (optimal string alignment). */
function distanceOf(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number) => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    rows[i] = [i];
    for (let j = 1; j <= b.length; j++) {
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      rows[i]?.push(
        Math.min(
          at(i - 1, j) + 1,
          at(i, j - 1) + 1,
          at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1),
          swapped ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
  }
  return at(a.length, b.length);
}
