/** A diagnosis as its reader sees it. */
import assert from "node:assert/strict";
import type { FaultSetting } from "../../../components/config";
import { judge, type LabPlan, withFaults } from "../../../components/plan";
import { diagnose, formatDiagnosis, isHealthy } from "../../../components/study/diagnose";
import { seenWith } from "../../support/diagnosed";
import { planOf } from "../../support/problems";

/** The report on a cluster with faults, of which some have been read. */
function reportOn(healthy: LabPlan, faults: readonly FaultSetting[], read: readonly FaultSetting[]) {
  const plan = withFaults(healthy, read);
  const found = read.map((setting) => ({ setting, evidence: "10.0.3.11/32" }));
  return {
    plan,
    verdict: judge(plan),
    found,
    ids: { ports: {}, groups: [] },
    diagnosis: diagnose(healthy, seenWith(healthy, faults), plan.faults),
  };
}

describe("the report of a diagnosis", () => {
  const healthy = planOf({ encapsulation: "VXLANCrossSubnet" });
  const recorded: FaultSetting = { fault: "node-as-32", nodes: ["w1"] };

  it("says that nothing is wrong only where nothing was read either", () => {
    const fine = reportOn(healthy, [], []);
    assert.ok(isHealthy(fine));
    assert.match(formatDiagnosis(fine), /Nothing is wrong: no fault was found\.$/);
    const unfelt = reportOn(healthy, [recorded], [recorded]);
    assert.ok(!isHealthy(unfelt));
    const text = formatDiagnosis(unfelt);
    assert.doesNotMatch(text, /Nothing is wrong|^cause:/m);
    assert.match(text, /Read in the cluster, though no probe fails by it:\n {2}node-as-32 on w1: Calico has/);
    assert.match(text, /fix: let Calico detect[\s\S]*see: https/);
  });

  it("names the cause first, then what no probe shows", () => {
    const text = formatDiagnosis(reportOn(healthy, [recorded, "ip-forward-off"], [recorded]));
    assert.match(text, /^cause: ip-forward-off \(explains everything that was seen\)$/m);
    assert.ok(text.indexOf("cause:") < text.indexOf("Read in the cluster"));
  });
});
