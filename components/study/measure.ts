/** Measures a lab, and holds what was seen against the verdict. */
import type { LabPlan } from "../plan";
import type { Evidence } from "./evidence";
import { compare, type Observation, outcomesOf, type PairOutcome } from "./observation";
import type { Prober } from "./prober";

/** How a lab is measured. */
export interface ObserveOptions {
  /** Measure every pair, however many there are. Default: in a large lab, a sample. */
  all?: boolean;
}

/** An observation, and what it is based on. */
export interface Observed {
  observation: Observation;
  /** Every probe of every pair. */
  outcomes: PairOutcome[];
  evidence: Evidence[];
}

/**
 * Measures a running lab, and compares what was seen with the verdict.
 * @param prober of the lab.
 * @param plan what is deployed in it. With another plan, everything that differs is reported as a disagreement.
 * @throws what the prober throws when nothing can be measured.
 */
export async function observeWithEvidence(
  prober: Prober,
  plan: LabPlan,
  { all = false }: ObserveOptions = {},
): Promise<Observed> {
  const sample = prober.sample(plan, all);
  const { measured, evidence } = await prober.measure(plan, sample);
  return {
    observation: compare(plan, measured, new Date(), sample, prober.of),
    outcomes: outcomesOf(plan, measured, sample),
    evidence,
  };
}

/** As {@link observeWithEvidence}, without the evidence. */
export const observe = async (
  prober: Prober,
  plan: LabPlan,
  options: ObserveOptions = {},
): Promise<Observation> => (await observeWithEvidence(prober, plan, options)).observation;
