// A switch on a running cluster: pods keep the MTU that they were created with, and new pods get another one.
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { ENCAPSULATIONS, faultOf } from "../../components/config";
import {
  cutOffBy,
  FAULT_FACTS,
  judge,
  judgeSwitch,
  type LabPlan,
  planLab,
  predict,
  probesOf,
  rowKey,
  rowsOf,
} from "../../components/plan";
import { labConfigs } from "../support/arbitraries";
import { changed, planOf, type RawConfig } from "../support/problems";
import { runs } from "../support/runs";
import { failuresOf, outcomesOf } from "../support/verdicts";

const onContainers = (encapsulation: string, more: object = {}) =>
  planOf({ cloud: "hosts", hosts: { machines: "containers" }, encapsulation, ...more });
const between = (from: string, to: string, more: object = {}) =>
  judgeSwitch(onContainers(from, more), onContainers(to, more));

describe("pods that run during a switch", () => {
  it("lose full-MTU packets in the tunnel after None → VXLAN, until they are restarted", () => {
    const living = between("None", "VXLAN");
    assert.equal(
      living?.sentence,
      "Pods that were there before the switch keep their MTU of 1500 bytes until they are restarted (new ones get 1450): full-MTU fails on same-subnet, cross-subnet, pod-to-service (same-subnet), pod-to-service (cross-subnet).",
    );
    assert.deepEqual(living.mtu, { old: 1500, new: 1450 });
    const services = ["pod-to-service (same-subnet)", "pod-to-service (cross-subnet)"];
    assert.deepEqual(living.differs, ["same-subnet", "cross-subnet", ...services]);
    assert.deepEqual(outcomesOf(living.verdict), {
      "same-node": "works",
      "same-subnet": "works/works/fails",
      "cross-subnet": "works/works/fails",
      "pod-to-node (same-subnet)": "works",
      "pod-to-node (cross-subnet)": "works",
      "node-to-pod (same-subnet)": "works",
      "node-to-pod (cross-subnet)": "works",
      "pod-to-service (same-subnet)": "works/works/fails",
      "pod-to-service (cross-subnet)": "works/works/fails",
      "client-to-nodeport (same-subnet)": "works",
      "client-to-nodeport (cross-subnet)": "works",
      "client-to-nodeport (Local)": "works",
      "pod-to-internet": "works",
    });
  });

  it("need a restart and not another config, says the fix", () => {
    const [failure] = failuresOf(between("None", "VXLAN")?.verdict ?? judge(onContainers("None")));
    assert.match(failure?.cause ?? "", /is 1500 bytes with DF set, and vxlan\.calico of cp1 carries 1450$/);
    assert.match(failure?.fix ?? "", /^restart the pods/);
    assert.equal(failure?.fault, undefined);
  });

  it("lose packets only where there is a tunnel: between subnets after None → VXLANCrossSubnet", () => {
    const differs = ["cross-subnet", "pod-to-service (cross-subnet)"];
    assert.deepEqual(between("None", "VXLANCrossSubnet")?.differs, differs);
  });

  it("lose nothing after VXLAN → None, but send smaller packets than they could", () => {
    const living = between("VXLAN", "None", { podRoutes: true });
    assert.match(
      living?.sentence ?? "",
      /keep their MTU of 1450 bytes .*\(new ones get 1500\)\. No path fails because of it, but their packets stay smaller/,
    );
    assert.deepEqual(living?.differs, []);
    assert.deepEqual([...new Set(Object.values(outcomesOf(living.verdict)))], ["works"]);
  });

  it("are not mentioned where the MTU stays the same", () => {
    assert.equal(between("VXLAN", "VXLANCrossSubnet"), undefined);
    assert.equal(between("IPIPCrossSubnet", "IPIP"), undefined);
    assert.equal(between("None", "VXLAN", { faults: ["mtu-too-big"] }), undefined, "all have the link's");
    assert.equal(between("None", "VXLAN", { calico: { install: "none" } }), undefined, "no tunnel is made");
  });

  it("are not mentioned on the twin, whose pods get a new MTU at once", () => {
    const plan = (encapsulation: string) => planOf({ encapsulation });
    assert.equal(judgeSwitch(plan("None"), plan("VXLAN")), undefined);
    const rehearsed = planOf({ cloud: "aws", rehearse: true, encapsulation: "VXLAN" });
    assert.equal(judgeSwitch(planOf({ cloud: "aws", encapsulation: "None" }), rehearsed), undefined);
  });

  it("differ from new pods only by full-MTU failures, in any lab and between any two encapsulations", () => {
    fc.assert(
      fc.property(labConfigs, fc.constantFrom(...ENCAPSULATIONS), (config, encapsulation) => {
        const faults = config.faults.filter((one) => FAULT_FACTS[faultOf(one)].of !== "host");
        const machines = { ...config, faults, rehearse: false, bgp: "mesh" as const };
        fc.pre(!config.sites && config.cloud !== "twin" && (config.cloud !== "hosts" || !config.rehearse));
        const deployed = planLab(machines);
        const wanted = planLab(changed(machines, { encapsulation }));
        const living = judgeSwitch(deployed, wanted);
        if (!living) return assert.equal(deployed.mtu.pod, wanted.mtu.pod);
        const fresh = new Map(judge(wanted).paths.map((row) => [`${rowKey(row)}:${row.probe}`, row.outcome]));
        for (const row of living.verdict.paths) {
          const { outcome, probe, failure } = row;
          const other = fresh.get(`${rowKey(row)}:${probe}`);
          // With faults on some nodes, the two may divide a path differently, and a part's name means other pairs.
          if (row.part || other === undefined || outcome === other) continue;
          assert.deepEqual([outcome, probe], ["fails", "full-MTU"]);
          assert.ok(living.mtu.old > living.mtu.new);
          assert.match(failure?.fix ?? "", /^restart the pods/);
        }
        assert.equal(/full-MTU fails on/.test(living.sentence), living.differs.length > 0);
        const old = { ...wanted, mtu: { ...wanted.mtu, pod: deployed.mtu.pod } };
        for (const { pair } of [old, wanted].flatMap((plan) => rowsOf(plan).rows))
          for (const probe of probesOf(pair)) {
            const [before, now] = [predict(old, pair, probe), predict(wanted, pair, probe)];
            if (!before !== !now) assert.deepEqual([probe, now], ["full-MTU", undefined]);
          }
      }),
      { numRuns: runs(500) },
    );
  });

  it("are judged without changing the plans", () => {
    const plans: [LabPlan, LabPlan] = [onContainers("None"), onContainers("VXLAN")];
    const before = structuredClone(plans);
    judgeSwitch(...plans);
    assert.deepEqual(plans, before);
  });
});

describe("a switch cuts off", () => {
  const cut = (from: RawConfig, to: RawConfig) =>
    cutOffBy(planOf(from), planOf(to)).map((row) => `${rowKey(row)} ${row.probe}`);

  it("what worked before and will not work: on a network without pod routes all that goes to other subnets", () => {
    const rows = cut({ encapsulation: "VXLAN" }, { encapsulation: "None" });
    assert.ok(rows.includes("cross-subnet ICMP"), rows.join(", "));
    assert.deepEqual(
      rows.filter((row) => !row.includes("cross-subnet")),
      [],
    );
  });

  it("what a fault in the way lets no longer pass", () => {
    const faults = ["ipip-blocked"];
    const rows = cut(
      { fabric: "aws", encapsulation: "VXLAN", faults },
      { fabric: "aws", encapsulation: "IPIP", faults },
    );
    assert.ok(rows.includes("same-subnet TCP"), rows.join(", "));
  });

  it("nothing that failed before", () => {
    const blocked = { fabric: "aws", faults: ["bgp-blocked"] };
    assert.deepEqual(cut({ ...blocked, encapsulation: "IPIP" }, { ...blocked, encapsulation: "None" }), []);
  });

  it("nothing in any lab that stays as it is, and from nothing back again never the same path", () => {
    fc.assert(
      fc.property(labConfigs, fc.constantFrom(...ENCAPSULATIONS), (config, encapsulation) => {
        fc.pre(config.bgp !== "Disabled");
        const [one, other] = [planLab(config), planLab(changed(config, { encapsulation }))];
        assert.deepEqual(cutOffBy(one, one), []);
        const there = new Set(
          cutOffBy(one, other).map((row) => `${rowKey({ ...row, part: undefined })} ${row.probe}`),
        );
        for (const row of cutOffBy(other, one))
          assert.ok(!there.has(`${rowKey({ ...row, part: undefined })} ${row.probe}`));
      }),
      { numRuns: runs(50) },
    );
  });
});

describe("pods that run during a switch, in a lab where something fails in any case,", () => {
  it("need a restart only for what is too large, and nothing else of them is put down to their MTU", () => {
    const living = between("None", "VXLAN", { natOutgoing: false });
    const fixes = new Map(
      failuresOf(living?.verdict ?? judge(onContainers("None"))).map(({ row, fix }) => [row, fix]),
    );
    assert.match(fixes.get("same-subnet") ?? "", /^restart the pods/);
    assert.equal(fixes.get("pod-to-internet"), "set natOutgoing: true");
  });

  it("send larger packets than new ones and lose none where nothing passes a tunnel: in a lab of one node", () => {
    const topology = [{ name: "a", cidr: "10.0.3.0/24", nodes: ["cp1"] }];
    assert.equal(
      between("None", "VXLAN", { topology })?.sentence,
      "Pods that were there before the switch keep their MTU of 1500 bytes until they are restarted (new ones get 1450). No path fails because of it.",
    );
  });
});
