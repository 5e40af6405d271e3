/** What `lab diagnose` sees in a cluster, without one. */
import type { FaultSetting } from "../../components/config";
import { type LabPlan, pairsOf, withFaults } from "../../components/plan";
import { probed } from "../../components/study/diagnose";
import { outcomesOf } from "../../components/study/observation";
import { asPredicted } from "./measured";

/** What would be seen in a cluster with faults that who looks does not know. */
export function seenWith(healthy: LabPlan, faults: readonly FaultSetting[]) {
  const broken = probed(withFaults(healthy, faults));
  const measured = asPredicted(broken);
  const sample = { pairs: pairsOf(healthy), of: pairsOf(healthy).length };
  const down = Object.entries(measured.sessions).map(([node, peers]) => [
    node,
    Object.entries(peers).flatMap(([peer, state]) => (state === "Established" ? [] : [peer])),
  ]);
  return {
    outcomes: outcomesOf(healthy, measured, sample),
    sessionsDown: Object.fromEntries(down),
    dnsDown: faults.includes("dns-loop"),
  };
}
