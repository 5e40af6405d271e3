/** What another backend of Neutron would change in a lab: the difference between two verdicts. */
import type { NeutronBackend } from "../config";
import type { LabPlan } from "./lab";
import { rowsOf } from "./outcome";
import { probesOf } from "./probe";
import { predict } from "./trace";

/**
 * The rows of the verdict that have another outcome with this backend, e.g. `pod-to-internet ICMP works`.
 * @returns an empty list where it makes no difference.
 */
export function rowsThatDiffer(plan: LabPlan, backend: NeutronBackend): string[] {
  const other = { ...plan, backend };
  // Compare each row's pair, not the rows: with faults on some nodes, the two verdicts may divide a path differently.
  return rowsOf(plan).rows.flatMap(({ key, pair }) =>
    probesOf(pair).flatMap((probe) => {
      const [here, there] = [predict(plan, pair, probe), predict(other, pair, probe)];
      return !here === !there ? [] : [`${key} ${probe} ${there ? "fails" : "works"}`];
    }),
  );
}
