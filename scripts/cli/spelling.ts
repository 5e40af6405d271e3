/** Words that the user nearly typed right. Pure. */
import { ENCAPSULATIONS, nearest } from "../../components/config";
import { badUsage, type Failure } from "./failure";

/** ` Did you mean VXLAN?` for the nearest of the known words, or nothing where none is near. */
export function suggestion(word: string, known: readonly string[]): string {
  const name = nearest(word, known);
  return name === undefined ? "" : ` Did you mean ${name}?`;
}

/** A name that nothing in a lab has. @param names what it has, in any order. */
export function noSuchName(stack: string, name: string, names: readonly string[]): Failure {
  const sorted = [...names].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  return badUsage(
    `There is no "${name}" in the lab ${stack}. It has: ${sorted.join(", ")}.${suggestion(name, sorted)}`,
  );
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
