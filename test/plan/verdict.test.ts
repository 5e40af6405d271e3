import assert from "node:assert/strict";
import * as fc from "fast-check";
import { ENCAPSULATIONS, FABRICS, FAULTS, type Fault, faultOf } from "../../components/config";
import {
  bgpEstablished,
  ENCAPSULATION_FACTS,
  FAULT_FACTS,
  fabricFacts,
  judge,
  type LabPlan,
  nameOf,
  PATHS,
  pairsOf,
  planLab,
  predict,
  probesOf,
  rowKey,
  rowsOf,
} from "../../components/plan";
import { canHave, labConfigs } from "../support/arbitraries";
import { OF_MATRIX } from "../support/fault-settings";
import { changed, planOf } from "../support/problems";
import { runs, sampled } from "../support/runs";
import { failuresOf, outcomesOf } from "../support/verdicts";

const onAnyLab = (claim: (plan: LabPlan) => void) =>
  fc.assert(
    fc.property(labConfigs, (config) => claim(planLab(config))),
    { numRuns: runs(300) },
  );

/** A verdict without its remarks: what would really be different in the lab. */
const outcomeOf = (plan: LabPlan) => {
  const { paths, notReady } = judge(plan);
  return { paths, notReady };
};

const differs = (a: unknown, b: unknown): boolean => JSON.stringify(a) !== JSON.stringify(b);

describe("the verdict", () => {
  it("exists for any lab, with every path that the topology has and each of its probes", () => {
    onAnyLab((plan) => {
      const paths = [
        ...new Set(judge(plan).paths.map(({ path, reach, policy }) => rowKey({ path, reach, policy }))),
      ];
      const expected = [...new Set(pairsOf(plan).map(rowKey))];
      assert.deepEqual([...paths].sort(), expected.sort());
      const probes = rowsOf(plan).rows.flatMap(({ key, pair }) =>
        probesOf(pair).map((probe) => `${key}: ${probe}`),
      );
      assert.deepEqual(
        judge(plan).paths.map((row) => `${rowKey(row)}: ${row.probe}`),
        probes,
      );
    });
  });

  it("lists the paths from the nearest to the farthest", () => {
    onAnyLab((plan) => {
      const order = judge(plan).paths.map(({ path }) => PATHS.indexOf(path));
      assert.deepEqual(
        order,
        [...order].sort((a, b) => a - b),
      );
    });
  });

  it("says for each failure where it happens, why, how to fix it, and a reference", () => {
    onAnyLab((plan) => {
      for (const { hop, cause, fix, reference, fault } of failuresOf(judge(plan))) {
        for (const text of [hop, cause, fix])
          assert.doesNotMatch(text, /\b(undefined|null|NaN)\b|\[object|^$/);
        assert.match(reference, /^https:\/\/\S+$/);
        if (fault)
          assert.ok(plan.faults.map(faultOf).includes(fault) && fix.includes(`take ${fault} out of faults`));
      }
    });
  });

  it("is the same for every pair of a row as for the row's example", () => {
    onAnyLab((plan) => {
      const fate = (pair: Parameters<typeof predict>[1]) =>
        probesOf(pair).map((probe) => {
          const drop = predict(plan, pair, probe);
          return [probe, drop && [drop.cause, drop.rule, drop.fault, drop.onReturn]] as const;
        });
      const { rows, rowOf } = rowsOf(plan);
      const examples = new Map(rows.map(({ key, pair }) => [key, new Map(fate(pair))]));
      assert.equal(examples.size, rows.length, "each row has a name of its own");
      for (const pair of pairsOf(plan)) {
        const { key } = rowOf(pair);
        const names = `${key}: ${pair.from.name} > ${nameOf(pair.to)}`;
        for (const [probe, lost] of fate(pair)) {
          assert.equal(JSON.stringify(lost), JSON.stringify(examples.get(key)?.get(probe)), names);
        }
      }
    });
  });

  it("never predicts a failure between the pods of one node that forwards packets", () => {
    onAnyLab((plan) => {
      const stuck = new Set<Fault>(["ip-forward-off", "host-firewall-forward-drop"]);
      const forwards = plan.faults.every((setting) => !stuck.has(faultOf(setting)));
      const rows = Object.entries(outcomesOf(judge(plan))).filter(([row]) => row.startsWith("same-node"));
      assert.ok(rows.every(([, outcome]) => !forwards || outcome === "works"));
    });
  });

  it("predicts failures without faults for five reasons only: a gateway that knows no pods, no natOutgoing, protocol 4, AllowedIPs, and selectors between sites", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        // With one pool: of several, each has its own reasons.
        const plan = planLab(changed(config, { faults: [], ipPools: undefined }));
        const { layer3, dropsIpip, snat, antiSpoofing } = fabricFacts(plan);
        const { tunnel, crossSubnet } = ENCAPSULATION_FACTS[plan.encapsulation];
        const routed = plan.podRoutes.length > 0;
        for (const [row, outcome] of Object.entries(outcomesOf(judge(plan)))) {
          const toPod =
            /^(same-subnet|cross-subnet|cross-site|node-to-pod|pod-to-service|client-to-nodeport)/.test(row);
          const between = toPod && !row.includes("(Local");
          const toNode = row.startsWith("pod-to-node") && !plan.ipPool.natOutgoing;
          const sameSubnet = row.includes("same-subnet");
          const direct = !tunnel || (crossSubnet && sameSubnet && !layer3?.hostPrefix);
          const selected = !row.includes("cross-site") || plan.link?.selectors !== "subnets";
          const gateway =
            (between || toNode) && direct && !(routed && selected) && (!sameSubnet || layer3 !== undefined);
          const protocol = (between || toNode) && !direct && tunnel === "ipip" && dropsIpip !== undefined;
          const allowed = toNode && !routed && antiSpoofing?.followsRoutes === true;
          const noAnswer =
            row === "pod-to-internet" && !plan.ipPool.natOutgoing && !(snat === "any" && routed);
          const unselected = toNode && !selected;
          const fails = gateway || unselected || protocol || allowed || noAnswer;
          assert.equal(outcome, fails ? "fails" : "works", `${row} on ${plan.fabric}`);
        }
      }),
      { numRuns: runs(300) },
    );
  });

  it("says what it cannot know, and on the twin also that the twin is a model", () => {
    onAnyLab((plan) => {
      const unknown = judge(plan).unknown.join("\n");
      assert.match(unknown, /network policies/);
      assert.equal(/the twin is a model/.test(unknown), plan.onTwin);
    });
  });

  it("warns of a strict rp_filter only where a packet and its answer use different devices", () => {
    const warns = (raw: object) => /rp_filter/.test(judge(planOf({ ...raw })).unknown.join());
    assert.equal(warns({ encapsulation: "IPIP", natOutgoing: false }), true);
    assert.equal(warns({ encapsulation: "IPIP" }), false);
    assert.equal(warns({ encapsulation: "None", natOutgoing: false }), false);
  });

  it("tells you to ask the router's owner on existing machines, where podRoutes is refused", () => {
    const verdict = (raw: object) => judge(planOf({ cloud: "hosts", encapsulation: "None", ...raw }));
    const fix = (raw: object) => failuresOf(verdict(raw))[0]?.fix ?? "";
    const warned = (raw: object) => verdict(raw).unknown.includes("what is between existing machines");
    assert.match(fix({}), /have its owner give the gateway a route per node block/);
    assert.equal(warned({}), true);
    // The router between node containers is the lab's own, as is the twin's.
    for (const raw of [{ rehearse: true }, { hosts: { machines: "containers" } }]) {
      assert.match(fix(raw), /set podRoutes: static/);
      assert.equal(warned(raw), false);
    }
  });
});

describe("a fault in the verdict", () => {
  const cases = FABRICS.flatMap((fabric) =>
    OF_MATRIX.filter((name) => FAULT_FACTS[name].fabrics.includes(fabric)).flatMap((fault) =>
      ENCAPSULATIONS.map((encapsulation) => ({ fabric, fault, encapsulation })),
    ),
  );
  for (const { fabric, fault, encapsulation } of sampled(cases))
    it(`changes something or is reported to change nothing, and leaves no trace when removed: ${fault}, ${encapsulation}, ${fabric}`, () => {
      const healthy = planOf({ fabric, encapsulation });
      const faulty = planOf({ fabric, encapsulation, faults: [fault] });
      const [note] = judge(faulty).remarks;
      const idle = `fault ${fault} changes nothing here`;
      const changes = differs(outcomeOf(faulty), outcomeOf(healthy));
      assert.equal(note?.startsWith(changes ? `fault ${fault} is set on purpose` : idle), true, note);
      assert.deepEqual(planOf({ fabric, encapsulation, faults: [] }), healthy);
    });

  it("changes something or is reported to change nothing, in any lab", () => {
    fc.assert(
      fc.property(labConfigs, fc.constantFrom(...FAULTS), (config, fault) => {
        const healthy = planLab(changed(config, { faults: [] }));
        fc.pre(canHave(healthy, fault));
        const faulty = planLab(changed(config, { faults: [fault] }));
        const idle = judge(faulty).remarks.some((remark) =>
          remark.startsWith(`fault ${fault} changes nothing`),
        );
        assert.equal(differs(outcomeOf(faulty), outcomeOf(healthy)), !idle);
      }),
      { numRuns: runs(500) },
    );
  });

  for (const encapsulation of ["VXLAN", "VXLANCrossSubnet"]) {
    it(`bgp-blocked breaks no path of ${encapsulation} but keeps calico-node from being ready, and the verdict says both`, () => {
      const verdict = judge(planOf({ cloud: "aws", encapsulation, faults: ["bgp-blocked"] }));
      assert.deepEqual([...new Set(Object.values(outcomesOf(verdict)))], ["works"]);
      assert.equal(verdict.notReady.length, 4);
      assert.equal(
        verdict.notReady[0]?.message,
        "calico/node is not ready: BIRD is not ready: BGP not established with 10.0.3.11,10.0.4.10,10.0.4.11",
      );
      const [note, remark] = verdict.remarks;
      assert.match(note ?? "", /^fault bgp-blocked is set on purpose: .* TCP 179; under VXLAN/);
      assert.match(note ?? "", /it changes whether calico-node is ready, but no path$/);
      assert.match(remark ?? "", /not ready, but pods reach each other: Felix programs the routes/);
    });

    it(`bgp-blocked changes nothing under ${encapsulation} with bgp: Disabled, where no BIRD waits for a session`, () => {
      const verdict = judge(
        planOf({ cloud: "aws", encapsulation, bgp: "Disabled", faults: ["bgp-blocked"] }),
      );
      assert.deepEqual(verdict.notReady, []);
      assert.equal(verdict.remarks.filter((remark) => !/instance metadata/.test(remark)).length, 1);
      assert.match(verdict.remarks[0] ?? "", /^fault bgp-blocked changes nothing here/);
    });
  }

  it("does not report calico-node as not ready where Calico is not installed", () => {
    const raw = { cloud: "aws", calico: { install: "none" }, faults: ["bgp-blocked"] };
    assert.deepEqual(judge(planOf(raw)).notReady, []);
  });

  it("changes nothing if it breaks a rule, a tunnel or a check that no path uses", () => {
    const apart = ["a", "b"].map((name, i) => ({ name, cidr: `10.0.${i}.0/24`, nodes: [`n${i}`] }));
    const together = [{ name: "a", cidr: "10.0.0.0/24", nodes: ["n0", "n1"] }];
    const alone = [{ name: "a", cidr: "10.0.0.0/24", nodes: ["n0"] }];
    const isIdle = (fault: string, encapsulation: string, topology: unknown, more = {}) =>
      / changes nothing here/.test(
        judge(planOf({ fabric: "aws", encapsulation, topology, faults: [fault], ...more })).remarks[0] ?? "",
      );
    assert.equal(isIdle("pod-cidr-blocked", "None", apart), true, "the gateway drops it before");
    assert.equal(isIdle("pod-cidr-blocked", "None", apart, { podRoutes: true }), false);
    assert.equal(isIdle("pod-cidr-blocked", "None", apart, { natOutgoing: false }), false);
    assert.equal(isIdle("pod-cidr-blocked", "None", together), false);
    assert.equal(isIdle("ipip-blocked", "IPIPCrossSubnet", together), true);
    assert.equal(isIdle("ipip-blocked", "IPIPCrossSubnet", apart), false);
    assert.equal(isIdle("mtu-too-big", "VXLANCrossSubnet", together), true);
    assert.equal(isIdle("node-as-32", "VXLANCrossSubnet", apart), true);
    assert.equal(isIdle("bgp-blocked", "IPIP", alone), true);
  });

  it("is not named as a cause once it is removed, whatever other faults stay", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        for (const setting of config.faults) {
          const faults = config.faults.filter((other) => other !== setting);
          const failures = failuresOf(judge(planLab(changed(config, { faults }))));
          assert.ok(failures.every(({ fault }) => fault !== faultOf(setting)));
        }
      }),
    );
  });

  it("never makes a path work that fails without it, but for node-as-32 where nodes of one subnet are no neighbours", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        fc.pre(
          !config.faults.some((one) => faultOf(one) === "node-as-32") || !fabricFacts(planLab(config)).layer3,
        );
        const healthy = planLab(changed(config, { faults: [] }));
        const faulty = planLab(config);
        // Without BGP, packets use routes of the gateway, where a fabric may drop those in the tunnel.
        fc.pre(!fabricFacts(faulty).dropsIpip || bgpEstablished(faulty));
        const works = (plan: LabPlan) => pairsOf(plan).map((pair) => !predict(plan, pair, "TCP"));
        const before = works(healthy);
        assert.ok(works(faulty).every((now, i) => !now || before[i]));
      }),
    );
  });
});
