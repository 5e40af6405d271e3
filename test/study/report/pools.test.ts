/** Several IPPools in a report: each pool's own way, under each encapsulation of the lab, and redacted. */
import assert from "node:assert/strict";
import { ENCAPSULATIONS } from "../../../components/config";
import { judge, nameOf, type Pair, pairsOf } from "../../../components/plan";
import { cellOf, formatMarkdown, redact, reportedPlan } from "../../../components/study/report";
import { onPair, reportOf } from "../../support/report";

/** The pool `marble` follows the lab's encapsulation. */
const LAB = {
  encapsulation: "VXLAN",
  ipPools: [
    { name: "granite", cidr: "172.16.0.0/17", encapsulation: "None", nodes: ["cp1", "w1"] },
    { name: "marble", cidr: "172.16.128.0/17", blockSize: 28, natOutgoing: false, nodes: ["w2", "w3"] },
    { name: "slate", cidr: "192.168.77.0/24", encapsulation: "IPIP", disabled: true },
  ],
};

describe("a report of a lab with several IPPools", () => {
  it("names every pool in Markdown, with all that it says, and both ways in its headline", () => {
    const text = formatMarkdown(reportOf(LAB));
    assert.match(text, /\*\*None \+ VXLAN on the plain fabric, 4 nodes: /);
    assert.match(
      text,
      /\| pods \| granite 172\.16\.0\.0\/17 None, blocks of \/26, on cp1, w1; marble 172\.16\.128\.0\/17 VXLAN, blocks of \/28, no natOutgoing, on w2, w3; slate 192\.168\.77\.0\/24 IPIP, blocks of \/26, disabled \|/,
    );
  });

  it("changes under another encapsulation those pools alone that name none", () => {
    const report = reportOf(LAB);
    for (const encapsulation of ENCAPSULATIONS)
      assert.deepEqual(
        reportedPlan(report, encapsulation)?.ipPools?.map((pool) => `${pool.name} ${pool.encapsulation}`),
        ["granite None", `marble ${encapsulation}`, "slate IPIP"],
      );
  });

  it("says why there is no other encapsulation where every pool names its own", () => {
    const ipPools = LAB.ipPools.map((pool) => ({ encapsulation: "VXLAN", ...pool }));
    const { modes } = reportOf({ ...LAB, ipPools });
    const refused = modes.flatMap((mode) => ("refused" in mode ? [mode.refused] : []));
    assert.deepEqual(
      [refused.length, new Set(refused)],
      [4, new Set(["Each of the lab's IPPools names an encapsulation of its own."])],
    );
  });

  it("has the cell of a pair in the row of its own way, and what was seen of it", () => {
    const { plan, observation } = reportOf(LAB, { surprise: onPair("w2-1", "w3-1", false) });
    const cells = pairsOf(plan).map(cellOf(plan, observation));
    const rowOf = (from: string, to: string) =>
      cells.find(({ pair }: { pair: Pair }) => pair.from.name === from && nameOf(pair.to) === to)?.row;
    assert.notEqual(rowOf("cp1-1", "w1-1"), rowOf("w2-1", "w3-1"));
    assert.notEqual(rowOf("cp1-1", "w2-1"), rowOf("w2-1", "cp1-1"));
    assert.deepEqual(
      cells.filter(({ differs }) => differs).map(({ pair }) => `${pair.from.name} ${nameOf(pair.to)}`),
      ["w2-1 w3-1"],
    );
  });

  it("has no pool's name and no range of the lab when it is redacted, and the same verdict", () => {
    const whole = reportOf(LAB);
    const told = (text: string) => [...new Set(text.match(/granite|marble|slate|192\.168\.77\./g))];
    assert.equal(told(JSON.stringify(whole)).length, 4);
    const shown = redact(whole);
    assert.deepEqual(told(JSON.stringify(shown)), []);
    assert.deepEqual(told(formatMarkdown(shown)), []);
    const outcomes = (plan: typeof whole.plan) =>
      judge(plan).paths.map(({ path, probe, outcome, carrier }) => [path, probe, outcome, carrier]);
    assert.deepEqual(outcomes(shown.plan), outcomes(whole.plan));
  });
});
