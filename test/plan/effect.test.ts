import assert from "node:assert/strict";
import * as fc from "fast-check";
import { FAULTS, type FaultSetting, faultLabel } from "../../components/config";
import { effectsOf, hasEffect, type LabPlan, outcomeOf, planLab, withFaults } from "../../components/plan";
import { canHave, labConfigs } from "../support/arbitraries";
import { planOf, type RawConfig } from "../support/problems";
import { runs } from "../support/runs";

const subsetsOf = <T>(items: readonly T[]): T[][] =>
  items.reduce<T[][]>((sets, item) => sets.concat(sets.map((set) => [...set, item])), [[]]);

const text = (plan: LabPlan, faults: readonly FaultSetting[], part: "paths" | "notReady") =>
  JSON.stringify(outcomeOf(withFaults(plan, faults))[part]);

/** Whether the fault changes this part of the verdict beside any set of the plan's other faults. */
const changesSomewhere = (plan: LabPlan, fault: FaultSetting, part: "paths" | "notReady"): boolean =>
  subsetsOf(plan.faults.filter((name) => name !== fault)).some(
    (set) => text(plan, set, part) !== text(plan, [...set, fault], part),
  );

describe("the effect of a fault", () => {
  it("is found where any set of the lab's other faults shows it, though only single ones are tried", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const plan = planLab(config);
        for (const [fault, effect] of effectsOf(plan)) {
          const paths = changesSomewhere(plan, fault, "paths");
          const readiness = changesSomewhere(plan, fault, "notReady");
          assert.equal(effect, paths ? "paths" : readiness ? "readiness" : "nothing", faultLabel(fault));
        }
      }),
      { numRuns: runs(60) },
    );
  });

  const effect = (raw: RawConfig, fault: FaultSetting) => effectsOf(planOf(raw)).get(fault);
  const ONE_SUBNET = [{ name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] }];

  it("is found although another fault hides it", () => {
    const raw = { fabric: "openstack", encapsulation: "None", topology: ONE_SUBNET };
    assert.equal(
      effect({ ...raw, faults: ["port-security", "pod-cidr-blocked"] }, "pod-cidr-blocked"),
      "paths",
    );
    const tunneled = { ...raw, encapsulation: "VXLANCrossSubnet" };
    assert.equal(
      effect({ ...tunneled, faults: ["node-as-32", "pod-cidr-blocked"] }, "pod-cidr-blocked"),
      "paths",
    );
  });

  it("is found where another fault is needed for it, and a third one hides it", () => {
    const raw = { fabric: "aws", encapsulation: "IPIPCrossSubnet", topology: ONE_SUBNET };
    assert.equal(effect({ ...raw, faults: ["ipip-blocked"] }, "ipip-blocked"), "nothing");
    assert.equal(effect({ ...raw, faults: ["ipip-blocked", "node-as-32"] }, "ipip-blocked"), "paths");
    const hidden = ["bgp-blocked", "ipip-blocked", "node-as-32"];
    assert.equal(effect({ ...raw, faults: hidden }, "ipip-blocked"), "paths");
  });

  it("is only on readiness where routes do not need the BGP that it blocks", () => {
    const raw = { fabric: "aws", faults: ["bgp-blocked"] };
    assert.equal(effect({ ...raw, encapsulation: "VXLAN" }, "bgp-blocked"), "readiness");
    assert.equal(effect({ ...raw, encapsulation: "IPIP" }, "bgp-blocked"), "paths");
  });

  it("can be asked for a fault that the lab does not have", () => {
    const plan = planOf({ fabric: "aws", encapsulation: "IPIP" });
    assert.equal(hasEffect(plan, "ipip-blocked"), true);
    assert.equal(hasEffect(plan, "vxlan-blocked"), false);
  });
});

describe("a plan with faults", () => {
  it("is the plan of a config that has them, and without them again the plan of a config without faults", () => {
    fc.assert(
      fc.property(labConfigs, fc.subarray([...FAULTS]), (config, drawn) => {
        const healthy = planLab({ ...config, faults: [] });
        const faults = drawn.filter((fault) => canHave(healthy, fault));
        const faulty = planLab({ ...config, faults });
        assert.deepEqual(withFaults(healthy, faults), faulty);
        assert.deepEqual(withFaults(faulty, []), healthy);
        assert.ok(faulty.nodes.includes(faulty.controlPlane));
      }),
    );
  });

  it("needs the same as without them", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const needs = ({ firewall, antiSpoofing }: LabPlan) => [
          firewall.map(({ name, needed, why }) => [name, needed, why]),
          antiSpoofing.needed,
        ];
        assert.deepEqual(needs(planLab(config)), needs(planLab({ ...config, faults: [] })));
      }),
    );
  });
});
