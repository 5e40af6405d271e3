/** The cause is found from what was seen alone: what every fault of the catalogue does, told without its name. */
import assert from "node:assert/strict";
import { type FaultSetting, faultLabel } from "../../../components/config";
import { FAULT_FACTS, judge, type LabPlan, withFaults } from "../../../components/plan";
import { diagnose } from "../../../components/study/diagnose/causes";
import { seenWith } from "../../support/diagnosed";
import { OF_MATRIX } from "../../support/fault-settings";
import { planOf } from "../../support/problems";

const told = (plan: LabPlan) => {
  const { paths, notReady } = judge(plan);
  return JSON.stringify([
    paths.map(({ path, reach, probe, outcome, part }) => [path, reach, probe, outcome, part]),
    notReady.length,
  ]);
};

const LABS: [string, Record<string, unknown>][] = [
  ["IPIP on plain", { encapsulation: "IPIP" }],
  ["VXLAN on aws", { encapsulation: "VXLAN", fabric: "aws" }],
  ["None with routes on openstack", { encapsulation: "None", fabric: "openstack", podRoutes: true }],
];

describe("a diagnosis", () => {
  for (const [name, raw] of LABS) {
    const healthy = planOf(raw);

    it(`${name}: finds nothing where nothing is wrong`, () => {
      assert.deepEqual(diagnose(healthy, seenWith(healthy, [])), {
        isHealthy: true,
        differing: 0,
        alternatives: [],
        unfelt: [],
        ruledOut: [],
      });
    });

    const own = OF_MATRIX.filter((fault) => FAULT_FACTS[fault].fabrics.includes(healthy.fabric));
    const effective = own.filter((fault) => told(withFaults(healthy, [fault])) !== told(healthy));
    for (const fault of effective) {
      it(`${name}: ${fault} explains everything, and nothing that is told apart from it is named`, () => {
        const { cause, alternatives } = diagnose(healthy, seenWith(healthy, [fault]));
        const found = [cause, ...alternatives].flatMap((one) => one?.faults.map(faultLabel).join("+") ?? []);
        assert.equal(cause?.unexplained, 0);
        assert.ok(found.includes(fault), found.join());
        for (const one of alternatives) assert.equal(one.unexplained, 0);
      });

      it(`${name}: ${fault} is named first if something else has shown it`, () => {
        const { cause } = diagnose(healthy, seenWith(healthy, [fault]), [fault]);
        assert.deepEqual(cause, { faults: [fault], unexplained: 0 });
      });
    }
  }

  it("names the node that has a fault", () => {
    const healthy = planOf({ encapsulation: "VXLAN" });
    const fault = { fault: "vxlan-blocked", nodes: ["w2"] } as const;
    const { cause } = diagnose(healthy, seenWith(healthy, [{ fault: "vxlan-blocked", nodes: ["w2"] }]));
    assert.equal(cause?.unexplained, 0);
    assert.equal(faultLabel(cause?.faults[0] as FaultSetting), faultLabel({ ...fault, nodes: ["w2"] }));
  });

  it("finds two faults that stand together", () => {
    const healthy = planOf({ encapsulation: "IPIPCrossSubnet", fabric: "aws" });
    const both: FaultSetting[] = ["ipip-blocked", "source-dest-check"];
    const { cause } = diagnose(healthy, seenWith(healthy, both));
    assert.equal(cause?.unexplained, 0);
    assert.deepEqual(cause?.faults.map(faultLabel).sort(), both);
  });

  it("names no cause that leaves most of the differences unexplained", () => {
    const healthy = planOf({ encapsulation: "VXLAN" });
    const seen = seenWith(healthy, []);
    // No fault loses every other probe of all pairs, inside nodes as well.
    const odd = seen.outcomes.map((one, i) => (i % 2 === 0 ? { ...one, observed: "fails" as const } : one));
    const { differing, cause } = diagnose(healthy, { ...seen, outcomes: odd });
    assert.ok(differing > 50);
    assert.equal(cause, undefined);
  });

  it("tells apart by the nodes' own settings what loses the same packets", () => {
    const healthy = planOf({ encapsulation: "VXLAN" });
    const nodes = (off: readonly string[]) =>
      healthy.nodes.map(({ name }) => ({ node: name, forwards: !off.includes(name), routes: [] }));
    const causeOf = (fault: FaultSetting, off: readonly string[]) => {
      const { cause, alternatives } = diagnose(healthy, { ...seenWith(healthy, [fault]), nodes: nodes(off) });
      return [cause, ...alternatives].map((one) => one?.faults.map(faultLabel).join(" + "));
    };
    const dropping: FaultSetting = { fault: "host-firewall-forward-drop", nodes: ["w1"] };
    const off: FaultSetting = { fault: "ip-forward-off", nodes: ["w1"] };
    assert.deepEqual(causeOf(dropping, []), ["host-firewall-forward-drop on w1"]);
    assert.equal(causeOf(off, ["w1"])[0], "ip-forward-off on w1");
    const every = healthy.nodes.map(({ name }) => name);
    assert.equal(causeOf("ip-forward-off", every)[0], "ip-forward-off");
    assert.deepEqual(causeOf("host-firewall-forward-drop", []), ["host-firewall-forward-drop"]);
  });

  it("tells of a fault that was read and that no probe feels, alone and beside another one", () => {
    const healthy = planOf({ encapsulation: "VXLANCrossSubnet" });
    const unfelt: FaultSetting[] = [{ fault: "node-as-32", nodes: ["w1"] }];
    const alone = diagnose(healthy, seenWith(healthy, unfelt), unfelt);
    assert.deepEqual([alone.isHealthy, alone.cause, alone.unfelt], [true, undefined, unfelt]);
    const beside = diagnose(healthy, seenWith(healthy, [...unfelt, "ip-forward-off"]), unfelt);
    assert.deepEqual(beside.cause?.faults, ["ip-forward-off"]);
    assert.deepEqual(beside.unfelt, unfelt);
  });

  it("says what it has ruled out where nothing fits", () => {
    const healthy = planOf({ encapsulation: "IPIP" });
    const seen = seenWith(healthy, []);
    const odd = seen.outcomes.map((one, i) => (i === 0 ? { ...one, observed: "fails" as const } : one));
    const { isHealthy, cause, ruledOut } = diagnose(healthy, { ...seen, outcomes: odd });
    assert.deepEqual([isHealthy, cause], [false, undefined]);
    assert.ok(ruledOut.includes("ipip-blocked") && ruledOut.includes("bgp-blocked"));
  });
});
