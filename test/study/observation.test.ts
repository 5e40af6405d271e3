import assert from "node:assert/strict";
import * as fc from "fast-check";
import { bgpEstablished, judge, nameOf, pairsOf, planLab, predict, probesOf } from "../../components/plan";
import { compare } from "../../components/study/observation";
import { idOf, orderOf } from "../../components/study/order";
import { sampleOf } from "../../components/study/sample";
import { observationOutput, verdictOutput } from "../../components/study/stack";
import { labConfigs } from "../support/arbitraries";
import { asPredicted } from "../support/measured";
import { planOf } from "../support/problems";

const NOW = new Date("2026-10-01T12:34:56Z");

describe("the order of measurements", () => {
  it("has every pair with every probe, once", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const plan = planLab(config);
        const { rounds, nodes } = orderOf(plan, 1, sampleOf(plan, true));
        const ids = rounds.flat().map(({ id }) => id);
        assert.equal(new Set(ids).size, ids.length);
        assert.equal(ids.length, pairsOf(plan).flatMap(probesOf).length);
        assert.deepEqual(Object.keys(asPredicted(plan).results).sort(), [...ids].sort());
        const everySession = plan.nodes.length * (plan.nodes.length - 1);
        const sessions = nodes.reduce((sum, node) => sum + node.sessions, 0);
        assert.equal(sessions === everySession, plan.nodes.length === 1 || bgpEstablished(plan));
      }),
      { numRuns: 30 },
    );
  });

  it("waits in full only for what the verdict says works", () => {
    const plan = planOf({ fabric: "aws", encapsulation: "None", faults: ["source-dest-check"] });
    const expected = new Map(
      orderOf(plan, 1)
        .rounds.flat()
        .map(({ id, expect }) => [id, expect]),
    );
    for (const pair of pairsOf(plan))
      for (const probe of probesOf(pair))
        assert.equal(expected.get(idOf(pair, probe)), !predict(plan, pair, probe));
    assert.deepEqual(new Set(expected.values()), new Set([true, false]));
  });

  it("never lets two nodes probe each other in one round, where the packets of one would open its port for the other", () => {
    const plan = planOf({ fabric: "aws" });
    const rounds = orderOf(plan, 1).rounds.map((probes) => new Set(probes.map(({ id }) => id)));
    for (const round of rounds) {
      const between = new Set(
        pairsOf(plan)
          .filter((pair) =>
            probesOf(pair).some((probe) => round.has(`${pair.from.name}>${nameOf(pair.to)}:${probe}`)),
          )
          .flatMap(({ from, to }) => {
            if (to.kind === "internet") return [];
            // What a node sends on for a client, and what takes the tunnel to or from a node, which is its answer.
            const start = to.kind === "nodeport" ? to.entry.name : from.node;
            return to.kind === "node" ? `${to.node.name}>${start}` : `${start}>${to.node.name}`;
          }),
      );
      assert.ok(between.size > 0);
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
        const seen = compare(plan, asPredicted(plan), NOW);
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
        const seen = compare(plan, measured, NOW, sampleOf(plan, true));
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
    const seen = compare(plan, { ...asPredicted(plan), results: {} }, NOW);
    assert.equal(seen.agrees, false);
    assert.equal(seen.disagreements.length, 20, "at most twenty are listed");
    assert.match(seen.disagreements[0] ?? "", /not measured/);
  });

  it("disagree when a BGP session is not in the predicted state", () => {
    const plan = planOf({ fabric: "aws", encapsulation: "None" });
    const measured = asPredicted(plan);
    (measured.sessions.cp1 as Record<string, string>)["10.0.3.11"] = "Active Socket: Connection refused";
    const seen = compare(plan, measured, NOW);
    assert.deepEqual(seen.disagreements, [
      "BGP cp1 > 10.0.3.11: predicted Established, observed Active Socket: Connection refused",
    ]);
    assert.deepEqual(seen.sessionsDown, { cp1: ["10.0.3.11"] });
  });
});

describe("the stack outputs", () => {
  const plan = planOf({ fabric: "aws", encapsulation: "None", faults: ["source-dest-check"] });

  it("have every path, with its failures by probe and the number of pairs that worked", () => {
    const predicted = verdictOutput(judge(plan)).prediction as Record<string, unknown>;
    const seen = observationOutput(compare(plan, asPredicted(plan), NOW));
    assert.deepEqual(Object.keys(predicted), Object.keys(seen.seen));
    assert.equal(predicted["same-node"], "works");
    assert.deepEqual(Object.keys(predicted["same-subnet"] as object), ["ICMP", "TCP", "full-MTU"]);
    assert.deepEqual(Object.keys(predicted["pod-to-service (same-subnet)"] as object), [
      "UDP",
      "TCP",
      "full-MTU",
    ]);
    const rows = seen.seen as Record<string, Record<string, string>>;
    assert.equal(rows["same-node"]?.ICMP, "8/8 work");
    assert.equal(rows["same-subnet"]?.TCP, "0/16 work: no answer");
    assert.deepEqual([seen.agrees, seen.at], [true, NOW.toISOString()]);
  });
});
