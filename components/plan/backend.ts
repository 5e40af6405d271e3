/** What another backend of Neutron would change in a lab: the difference between two verdicts. */
import type { NeutronBackend } from "../config";
import type { LabPlan } from "./lab";
import { outcomeOf } from "./outcome";
import { rowKey } from "./path";

/**
 * The rows of the verdict that have another outcome with this backend, e.g. `pod-to-internet ICMP works`.
 * @returns an empty list where it makes no difference.
 */
export function rowsThatDiffer(plan: LabPlan, backend: NeutronBackend): string[] {
  const here = outcomeOf(plan).paths;
  return outcomeOf({ ...plan, backend })
    .paths.filter((row, i) => row.outcome !== here[i]?.outcome)
    .map((row) => `${rowKey(row)} ${row.probe} ${row.outcome}`);
}
