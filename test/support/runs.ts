/**
 * How often a property of the plan is tried. `ENCAPLAB_RUNS` lowers it for the mutation run, which tries the same
 * properties once for every mutant, and gives them a seed, so that the same mutants survive every time.
 */
import * as fc from "fast-check";

const { ENCAPLAB_RUNS: most } = process.env;
if (most) fc.configureGlobal({ numRuns: Number(most), seed: 1 });

/** The number of runs of a property that needs another one than fast-check's own. */
export const runs = (count: number): number => (most ? Math.min(count, Number(most)) : count);

/** Every seventh of many alike cases in the mutation run, so that five encapsulations all occur. All of them otherwise. */
export const sampled = <T>(cases: readonly T[]): readonly T[] =>
  most ? cases.filter((_, i) => i % 7 === 0) : cases;
