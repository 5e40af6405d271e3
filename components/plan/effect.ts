/** What a fault changes in a lab: the difference between two verdicts, one with the fault and one without it. */
import { type FaultSetting, faultLabel } from "../config";
import { withFaults } from "./fault";
import type { LabPlan } from "./lab";
import { type Outcome, outcomeOf } from "./outcome";

/** `paths`: how a path travels, or whether and why it fails. `readiness`: only which calico-nodes are ready. */
export type Effect = "paths" | "readiness" | "nothing";

/**
 * What faults change in a lab.
 *
 * Each fault is judged alone, because another one may hide it: L1 fails at its port security, and would still fail at its
 * security group without that. And it is judged beside each one of the others, because it may depend on it: `node-as-32`
 * makes packets use a tunnel that `ipip-blocked` then closes.
 *
 * @param faults the faults to judge, whether or not the plan has them. Default: those of the plan.
 */
export function effectsOf(
  plan: LabPlan,
  faults: readonly FaultSetting[] = plan.faults,
): Map<FaultSetting, Effect> {
  const textOf = remember((set) => outcomeOf(withFaults(plan, set)));
  const effectOf = (fault: FaultSetting): Effect => {
    const others = plan.faults.filter((other) => faultLabel(other) !== faultLabel(fault));
    const bases = [[], ...others.map((other) => [other])];
    const changes = (part: keyof Outcome) =>
      bases.some((base) => textOf(base)[part] !== textOf([...base, fault])[part]);
    if (changes("paths")) return "paths";
    return changes("notReady") ? "readiness" : "nothing";
  };
  return new Map(faults.map((fault) => [fault, effectOf(fault)]));
}

/** Whether a fault changes anything in a lab. */
export const hasEffect = (plan: LabPlan, fault: FaultSetting): boolean =>
  effectsOf(plan, [fault]).get(fault) !== "nothing";

/** Judges each set of faults only once, in whatever order they are given. Two outcomes are equal if their texts are. */
function remember(judge: (faults: readonly FaultSetting[]) => Outcome) {
  const known = new Map<string, Record<keyof Outcome, string>>();
  return (faults: readonly FaultSetting[]) => {
    const key = faults.map(faultLabel).sort().join("; ");
    const found = known.get(key);
    if (found) return found;
    const { paths, notReady } = judge(faults);
    const texts = { paths: JSON.stringify(paths), notReady: JSON.stringify(notReady) };
    known.set(key, texts);
    return texts;
  };
}
