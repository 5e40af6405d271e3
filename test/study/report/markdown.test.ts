/** The report for an issue tracker. */
import assert from "node:assert/strict";
import { formatMarkdown } from "../../../components/study/report";
import { benchOf } from "../../support/benches";
import { CAPTURED, onPair, reportOf, SWITCHED } from "../../support/report";

const L9 = { cloud: "aws", encapsulation: "None", faults: ["source-dest-check"], rehearse: true };

describe("a report as Markdown", () => {
  it("begins with the lab and the verdict, and has a row for each path", () => {
    const text = formatMarkdown(reportOf(L9, { stack: "L9" }));
    assert.match(
      text,
      /^## encaplab: L9\n\n\*\*None on the aws fabric, 4 nodes: 8 of 13 paths fail\*\* \(a prediction\)\. The lab is not up\.\n/,
    );
    assert.match(
      text,
      /^\| path \| PING \| TCP \| MTU \| how it travels \|\n\| --- \| --- \| --- \| --- \| --- \|$/m,
    );
    assert.match(text, /^\| same-node \| ✅ works \| ✅ works \| ✅ works \| inside the node \|$/m);
    assert.match(text, /^\| same-subnet \| ❌ fails \| ❌ fails \| ❌ fails \| direct \|$/m);
    assert.match(text, /^\| client-to-nodeport \(Local\) \| – \| ✅ works \| – \|/m);
    assert.ok(text.endsWith("\n") && !text.includes("undefined"));
  });

  it("says where and why paths fail, with fix and reference", () => {
    const text = formatMarkdown(reportOf(L9));
    assert.match(text, /^- \*\*same-subnet, .*\*\* at cp1's port: the source\/dest check drops .* Intended/m);
    assert.match(text, /^ {2}- Fix: take source-dest-check out of faults: .*\.$/m);
    assert.match(text, /^ {2}- See: <https:\/\/docs\.aws\.amazon\.com\/.*>$/m);
  });

  it("draws the topology for Mermaid, broken BGP sessions in red", () => {
    const text = formatMarkdown(reportOf({ encapsulation: "IPIP", faults: ["bgp-blocked"], fabric: "aws" }));
    const chart = /```mermaid\n([\s\S]*?)\n```/.exec(text)?.[1]?.split("\n") ?? [];
    assert.equal(chart[0], "flowchart TB");
    assert.ok(chart.includes('  subgraph s0["a 10.0.3.0/24"]'));
    assert.equal(
      chart.filter((line) => /^\s+subgraph /.test(line)).length,
      chart.filter((line) => /^\s+end$/.test(line)).length,
    );
    assert.equal(chart.filter((line) => line.includes("-. BGP down .-")).length, 6);
    // Links are numbered in their order: after the ones of the router and the two subnets come the sessions.
    assert.equal(chart.at(-1), "  linkStyle 3,4,5,6,7,8 stroke:#c4314b,color:#c4314b");
    const sound = formatMarkdown(reportOf({ encapsulation: "IPIP" }));
    assert.match(sound, /n0 ---\|BGP\| n1/);
    assert.doesNotMatch(sound, /linkStyle/);
  });

  it("says what its chart leaves out", () => {
    assert.match(formatMarkdown(reportOf({ encapsulation: "VXLAN", bgp: "Disabled" })), /BGP is disabled/);
    const nodes = Array.from({ length: 9 }, (_, i) => `n${i}`);
    const many = reportOf({ topology: [{ name: "a", cidr: "10.0.0.0/24", nodes }] });
    assert.match(formatMarkdown(many), /The 36 BGP sessions are not drawn\./);
  });

  it("marks what was not as predicted, with counts", () => {
    const text = formatMarkdown(reportOf({}, { surprise: onPair("w1-1", "w3-1", false) }));
    assert.match(
      text,
      /\*\*Observed NOT as predicted: verdict and observation disagree\*\*, on the network twin/,
    );
    assert.match(text, /\| cross-subnet \| \*\*⚠️ predicted works, observed mixed\*\* \(31\/32\) \|/);
    assert.match(text, /^- w1-1 > w3-1 \(cross-subnet, ICMP\): predicted works, observed fails: no answer$/m);
    assert.match(text, /\| same-subnet \| ✅ works \(16\/16\) \|/);
    const fine = formatMarkdown(reportOf({}, { surprise: () => undefined }));
    assert.match(fine, /Observed as predicted, on the network twin, a model\./);
    assert.doesNotMatch(fine, /⚠️|### Verdict and observation disagree/);
  });

  it("has what else was looked at in a cluster, and what could not be measured", () => {
    const report = reportOf({}, { surprise: () => undefined });
    assert.ok(report.observation);
    report.observation.checks = [
      { name: "DNS from w1-1", observed: "no answer", agrees: false, explanation: "CoreDNS is not ready" },
    ];
    for (const row of report.observation.rows) if (row.path === "pod-to-internet") row.pairs = 0;
    const text = formatMarkdown(report);
    assert.match(text, /^- DNS from w1-1: no answer: CoreDNS is not ready$/m);
    assert.match(text, /^\| pod-to-internet \| ✅ works \(not measured\) \|/m);
  });

  it("tells what the last switch lost", () => {
    const text = formatMarkdown(reportOf({ encapsulation: "None" }, { switched: SWITCHED }));
    assert.match(text, /^### The switch from VXLAN to None$/m);
    assert.match(text, /^\| same-subnet \| cp1-1 > w1-1 \| 3 of 40 \| 150 ms \|$/m);
    assert.match(text, /^Connections from before the switch: cross-subnet broke \(nothing arrives\)\.$/m);
  });

  it("has the benchmark's tables, below a title of the report's", () => {
    const text = formatMarkdown(reportOf({ encapsulation: "None" }, { bench: benchOf({}) }));
    assert.match(text, /^### What the encapsulations cost$/m);
    assert.match(text, /^#### same-subnet, cp1-1 > w1-1$/m);
    assert.match(text, /^\| VXLAN \| 1\.00 ±0\.00 \| 0\.80 ±0\.00 \| 0\.80 ±0\.00 \|$/m);
    assert.match(text, /this kernel's datapath, and not a cloud's network/);
  });

  it("lists captured packets, folded", () => {
    const text = formatMarkdown(reportOf({ encapsulation: "VXLAN" }, { captured: CAPTURED }));
    assert.match(text, /^2 packets of w1\.pcap, decoded by encaplab\.$/m);
    assert.match(text, /^2 {2}\+0\.250000 s {2}60 B {2}ARP Who has 10\.0\.3\.1\?$/m);
  });

  it("compares the encapsulations, also those that the lab cannot have", () => {
    const text = formatMarkdown(reportOf({ encapsulation: "VXLAN", bgp: "Disabled" }));
    assert.match(
      text,
      /^\| path \| IPIP \| IPIPCrossSubnet \| \*\*VXLAN\*\* \| VXLANCrossSubnet \| None \|$/m,
    );
    assert.match(
      text,
      /^\| cross-subnet \| not possible \| not possible \| ✅ works \| ✅ works \| not possible \|$/m,
    );
  });

  it("lets no text of the lab become markup", () => {
    const report = reportOf({}, { stack: "a_b*c" });
    report.notes.push("<img src=x> | [link](y)\nnext");
    report.config.push({ key: "encaplab:x", value: "`|`" });
    const text = formatMarkdown(report);
    assert.match(text, /^## encaplab: a\\_b\\\*c$/m);
    assert.match(text, /&lt;img src=x> \\\| \\\[link\\\]\(y\) next/);
    assert.match(text, /^\| `encaplab:x` \| `'\\\|'` \|$/m);
  });
});
