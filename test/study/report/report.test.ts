/** The report's data: the five plans, and what was seen of each pair. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { ENCAPSULATIONS, parseConfig } from "../../../components/config";
import { judge, nameOf, type Pair, pairsOf, planLab, probesOf } from "../../../components/plan";
import { cellOf, reportedPlan } from "../../../components/study/report";
import { onPair, reportOf } from "../../support/report";

const asJson = (value: unknown) => JSON.parse(JSON.stringify(value));

describe("a report's plans", () => {
  it("are those of the same lab with each encapsulation", () => {
    const config = { cloud: "aws", encapsulation: "None", faults: ["source-dest-check"], rehearse: true };
    const report = reportOf(config);
    assert.deepEqual(
      report.modes.map(({ encapsulation }) => encapsulation),
      [...ENCAPSULATIONS],
    );
    for (const encapsulation of ENCAPSULATIONS) {
      const plan = planLab(parseConfig({ ...config, encapsulation }));
      const reported = reportedPlan(report, encapsulation);
      assert.ok(reported);
      assert.deepEqual(reported, asJson(plan));
      assert.deepEqual(judge(reported), judge(plan));
    }
  });

  it("say why the lab cannot have an encapsulation", () => {
    const report = reportOf({ encapsulation: "VXLAN", bgp: "Disabled" });
    const refused = report.modes.flatMap((mode) =>
      "refused" in mode ? [[mode.encapsulation, mode.refused]] : [],
    );
    assert.deepEqual(
      refused.map(([name]) => name),
      ["IPIP", "IPIPCrossSubnet", "None"],
    );
    for (const [, why] of refused) assert.match(why as string, /^bgp .*\.$/);
    assert.equal(reportedPlan(report, "IPIP"), undefined);
  });

  it("are only that of None in a lab without Calico", () => {
    const report = reportOf({
      cloud: "hosts",
      hosts: { machines: "containers" },
      calico: { install: "none" },
    });
    const possible = report.modes.filter((mode) => "differs" in mode);
    assert.deepEqual(
      possible.map(({ encapsulation }) => encapsulation),
      ["None"],
    );
  });

  it("stand once, however many nodes there are", () => {
    const nodes = Array.from({ length: 100 }, (_, i) => `node${i}`);
    const report = reportOf({ topology: [{ name: "a", cidr: "10.0.0.0/24", nodes }] });
    assert.ok(JSON.stringify(report).length < 200_000);
  });
});

describe("a cell of a report", () => {
  const find = (pairs: readonly Pair[], from: string, to: string) =>
    pairs.find((pair) => pair.from.name === from && nameOf(pair.to) === to) as Pair;

  it("has no observation where nothing was measured", () => {
    const { plan } = reportOf({});
    const cell = cellOf(plan)(find(pairsOf(plan), "w1-1", "w3-1"));
    assert.deepEqual(cell.probes, [
      { probe: "ICMP", predicted: "works" },
      { probe: "TCP", predicted: "works" },
      { probe: "full-MTU", predicted: "works" },
    ]);
    assert.equal(cell.differs, false);
  });

  it("shows the pair that surprised, and no other of its row", () => {
    const { plan, observation } = reportOf({}, { surprise: onPair("w1-1", "w3-1", false) });
    const cells = pairsOf(plan).map(cellOf(plan, observation));
    const differing = cells.filter(({ differs }) => differs);
    assert.deepEqual(
      differing.map(({ pair, row, probes }) => [
        pair.from.name,
        nameOf(pair.to),
        row,
        probes.map(({ seen }) => seen),
      ]),
      [["w1-1", "w3-1", "cross-subnet", ["fails", "fails", "fails"]]],
    );
  });

  it("shows every pair of a row that did otherwise as a whole, although an observation lists only some", () => {
    const surprise = ({ path }: Pair) => (path === "cross-subnet" ? false : undefined);
    const { plan, observation } = reportOf({}, { surprise });
    assert.equal(observation?.disagreements.length, 20);
    const cells = pairsOf(plan).map(cellOf(plan, observation));
    for (const { pair, differs } of cells) assert.equal(differs, pair.path === "cross-subnet");
  });

  it("is not known where more of its row surprised than the observation lists", () => {
    const surprise = ({ path, from }: Pair) =>
      path === "cross-subnet" && from.node !== "cp1" ? false : undefined;
    const { plan, observation } = reportOf({}, { surprise });
    const cell = cellOf(plan, observation)(find(pairsOf(plan), "w3-2", "w1-2"));
    assert.deepEqual(
      cell.probes.map(({ seen }) => seen),
      ["unknown", "unknown", "unknown"],
    );
    assert.equal(cell.differs, false);
  });

  it("is not said to be seen where only a sample was measured, or nothing can be said of some pairs", () => {
    const { plan, observation } = reportOf({}, { surprise: onPair("w1-1", "w3-1", false) });
    assert.ok(observation);
    const seen = (changed: object, from: string, to: string) =>
      cellOf(plan, { ...observation, ...changed })(find(pairsOf(plan), from, to)).probes.map(
        (one) => one.seen,
      );
    const sample = { pairs: 10, of: 100 };
    assert.deepEqual(seen({ sample }, "w1-1", "w3-1"), ["fails", "fails", "fails"]);
    assert.deepEqual(seen({ sample }, "w1-1", "w3-2"), ["unknown", "unknown", "unknown"]);
    assert.deepEqual(seen({ sample }, "w1-1", "w1-2"), [undefined, undefined, undefined]);
    const rows = observation.rows.map((row) => ({ ...row, unmeasured: 1 }));
    assert.deepEqual(seen({ rows }, "w1-1", "w1-2"), ["unknown", "unknown", "unknown"]);
  });

  it("tells for every pair exactly what was measured, while the observation lists every surprise", () => {
    const { plan } = reportOf({ encapsulation: "None" });
    const probes = pairsOf(plan).flatMap((pair) => probesOf(pair).map((probe) => ({ pair, probe })));
    const some = fc.uniqueArray(fc.nat(probes.length - 1), { maxLength: 19 });
    fc.assert(
      fc.property(some, fc.boolean(), (chosen, works) => {
        const surprising = new Set(chosen.map((i) => JSON.stringify(probes[i])));
        const { observation } = reportOf(
          { encapsulation: "None" },
          {
            surprise: (pair, probe) => (surprising.has(JSON.stringify({ pair, probe })) ? works : undefined),
          },
        );
        const cell = cellOf(plan, observation);
        for (const { pair, probe } of probes) {
          const found = cell(pair).probes.find((one) => one.probe === probe);
          const expected = surprising.has(JSON.stringify({ pair, probe }))
            ? works
              ? "works"
              : "fails"
            : found?.predicted;
          assert.equal(found?.seen, expected);
        }
      }),
      { numRuns: 30 },
    );
  });
});
