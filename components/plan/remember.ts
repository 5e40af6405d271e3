/** What is found once for a plan and remembered: a verdict asks thousands of times. A plan never changes. */
import type { LabPlan } from "./lab";

/** @param find for a thing that has a name of its own in the plan, such as a node. */
export function remember<Of extends { name: string }, Found>(
  find: (plan: LabPlan, of: Of) => Found,
): (plan: LabPlan, of: Of) => Found {
  const plans = new WeakMap<LabPlan, Map<string, Found>>();
  return (plan, of) => {
    const known = plans.get(plan) ?? new Map<string, Found>();
    plans.set(plan, known);
    if (!known.has(of.name)) known.set(of.name, find(plan, of));
    return known.get(of.name) as Found;
  };
}

/** What is found once for a plan as a whole. */
export function rememberAll<Found>(find: (plan: LabPlan) => Found): (plan: LabPlan) => Found {
  const plans = new WeakMap<LabPlan, { found: Found }>();
  return (plan) => {
    const known = plans.get(plan) ?? { found: find(plan) };
    plans.set(plan, known);
    return known.found;
  };
}
