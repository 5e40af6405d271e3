import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  bgpEstablished,
  judge,
  type LabPlan,
  nameOf,
  PROBES,
  pairsOf,
  planLab,
  predict,
  rowKey,
} from "../../components/plan";
import { compare, type Measured, orderOf } from "../../components/study/observation";
import { formatObservation, formatVerdict } from "../../components/study/report";
import { observationOutput, verdictOutput } from "../../components/study/stack";
import { labConfigs } from "../support/arbitraries";
import { planOf } from "../support/problems";

/** What would be measured if every packet did what the verdict says. */
function asPredicted(plan: LabPlan): Measured {
  const order = orderOf(plan, 1);
  const results = pairsOf(plan).flatMap((pair) =>
    PROBES.map((probe) => {
      const works = !predict(plan, pair, probe);
      return [`${pair.from.name}>${nameOf(pair.to)}:${probe}`, { works, detail: works ? "" : "no answer" }];
    }),
  );
  const state = bgpEstablished(plan) ? "Established" : "Active";
  return {
    converged: true,
    notConverged: [],
    results: Object.fromEntries(results),
    sessions: Object.fromEntries(
      plan.nodes.map(({ name }) => [
        name,
        plan.bgp.enabled
          ? Object.fromEntries(
              plan.nodes.filter((peer) => peer.name !== name).map(({ address }) => [address, state]),
            )
          : {},
      ]),
    ),
    captures: Object.fromEntries(
      order.captures.map(({ id }) => [id, { route: "10.0.0.1 dev eth0", packet: "" }]),
    ),
  };
}

describe("the order of measurements", () => {
  it("has every pair with every probe, once", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const plan = planLab(config);
        const { rounds, nodes } = orderOf(plan, 1);
        const ids = rounds.flat().map(({ id }) => id);
        assert.equal(new Set(ids).size, ids.length);
        assert.equal(ids.length, pairsOf(plan).length * PROBES.length);
        assert.deepEqual(Object.keys(asPredicted(plan).results).sort(), [...ids].sort());
        for (const { sessions } of nodes)
          assert.equal(sessions, bgpEstablished(plan) ? plan.nodes.length - 1 : 0);
      }),
      { numRuns: 30 },
    );
  });

  it("never lets two nodes probe each other in one round, where the packets of one would open its port for the other", () => {
    const plan = planOf({ fabric: "aws" });
    const nodeOf = (pod: string) => pod.replace(/-\d$/, "");
    for (const round of orderOf(plan, 1).rounds) {
      const between = new Set(
        round.map(({ id }) => {
          const [from = "", to = ""] = id.split(":")[0]?.split(">") ?? [];
          // What takes the tunnel to or from a node is its answer.
          return nodeOf(to) === to ? `${to}>${nodeOf(from)}` : `${nodeOf(from)}>${nodeOf(to)}`;
        }),
      );
      for (const pair of between) {
        const [from, to] = pair.split(">");
        if (from !== to) assert.ok(!between.has(`${to}>${from}`), pair);
      }
    }
  });
});

describe("verdict and observation, compared", () => {
  it("agree when every packet did what the verdict said, in any lab", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const plan = planLab(config);
        const seen = compare(plan, asPredicted(plan));
        assert.deepEqual(seen.disagreements, []);
        assert.ok(seen.agrees && seen.rows.every(({ agrees, pairs }) => agrees && pairs > 0));
      }),
      { numRuns: 30 },
    );
  });

  it("disagree when a single packet of one pair did not", () => {
    fc.assert(
      fc.property(labConfigs, fc.nat(), (config, which) => {
        const plan = planLab(config);
        const measured = asPredicted(plan);
        const ids = Object.keys(measured.results);
        const id = ids[which % ids.length] as string;
        const result = measured.results[id] as { works: boolean; detail: string };
        result.works = !result.works;
        const seen = compare(plan, measured);
        assert.equal(seen.agrees, false);
        assert.equal(seen.disagreements.length, 1);
        assert.ok(seen.disagreements[0]?.startsWith(id.split(">")[0] as string));
        assert.ok(seen.rows.some(({ agrees }) => !agrees));
      }),
      { numRuns: 50 },
    );
  });

  it("disagree when something was not measured", () => {
    const plan = planOf({});
    const seen = compare(plan, { ...asPredicted(plan), results: {} });
    assert.equal(seen.agrees, false);
    assert.equal(seen.disagreements.length, 20, "at most twenty are listed");
    assert.match(seen.disagreements[0] ?? "", /not measured/);
  });

  it("disagree when a BGP session is not in the predicted state", () => {
    const plan = planOf({ fabric: "aws", encapsulation: "None" });
    const measured = asPredicted(plan);
    (measured.sessions.cp1 as Record<string, string>)["10.0.3.11"] = "Active Socket: Connection refused";
    const seen = compare(plan, measured);
    assert.deepEqual(seen.disagreements, [
      "BGP cp1 > 10.0.3.11: predicted Established, observed Active Socket: Connection refused",
    ]);
    assert.deepEqual(seen.sessionsDown, { cp1: ["10.0.3.11"] });
  });
});

describe("the report", () => {
  const plan = planOf({ fabric: "aws", encapsulation: "None", faults: ["source-dest-check"] });

  it("on the verdict names each path, where and why it fails, the fix and the reference, and what it cannot know", () => {
    const verdict = judge(plan);
    const text = formatVerdict(verdict);
    for (const row of verdict.paths) {
      assert.ok(text.includes(rowKey(row)));
      if (row.failure)
        for (const part of [row.failure.hop, row.failure.fix, row.failure.reference])
          assert.ok(text.includes(part), part);
    }
    assert.match(text, /intended: .*source-dest-check/s);
    assert.match(text, /The verdict cannot know: /);
  });

  it("on an observation says that it agrees, or marks every disagreement with !!", () => {
    const measured = asPredicted(plan);
    assert.match(formatObservation(compare(plan, measured)), /agree on every pair\.$/);
    (measured.results["cp1-1>cp1-2:ICMP"] as { works: boolean }).works = false;
    const text = formatObservation(compare(plan, measured));
    assert.match(text, /!! mixed 7\/8/);
    assert.match(
      text,
      /DISAGREEMENT between verdict and observation:\n {2}!! cp1-1 > cp1-2 \(same-node, ICMP\): predicted works, observed fails/,
    );
  });

  it("names the tunnel that a captured packet was in", () => {
    const packets = {
      VXLAN:
        "aa > bb, ethertype IPv4 (0x0800), length 148: 10.0.3.10.5 > 10.0.4.10.4789: VXLAN, flags [I] (0x08), vni 4096",
      "IP protocol 4":
        "aa > bb, ethertype IPv4 (0x0800), length 118: 10.0.3.10 > 10.0.4.10: 172.16.0.1 > 172.16.0.129: ICMP echo request",
      "no tunnel":
        "aa > bb, ethertype IPv4 (0x0800), length 98: 10.0.3.10 > 10.0.4.10: ICMP echo request, id 1",
    };
    for (const [word, packet] of Object.entries(packets)) {
      const measured = asPredicted(plan);
      measured.captures["cross-subnet"] = { route: "x dev ens5", packet };
      assert.match(
        formatObservation(compare(plan, measured)),
        new RegExp(`10\\.0\\.3\\.10 > 10\\.0\\.4\\.10, ${word}`),
      );
    }
  });

  it("as a stack output has every path, with its failures by probe and the number of pairs that worked", () => {
    const predicted = verdictOutput(judge(plan)).prediction as Record<string, unknown>;
    const seen = observationOutput(compare(plan, asPredicted(plan)));
    assert.deepEqual(Object.keys(predicted), Object.keys(seen.seen));
    assert.equal(predicted["same-node"], "works");
    assert.deepEqual(Object.keys(predicted["same-subnet"] as object), [...PROBES]);
    const rows = seen.seen as Record<string, Record<string, string>>;
    assert.equal(rows["same-node"]?.ICMP, "8/8 work");
    assert.equal(rows["same-subnet"]?.TCP, "0/16 work: no answer");
    assert.equal(seen.agrees, true);
  });
});
