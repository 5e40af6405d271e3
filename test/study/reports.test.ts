/** What CI systems get: JUnit, Markdown, and the example in the README. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { convert } from "xmlbuilder2";
import { parse } from "yaml";
import { type LabPlan, pairsOf } from "../../components/plan";
import { formatJunit, formatMarkdown, formatObservation } from "../../components/study";
import type { Observed } from "../../components/study/measure";
import type { Measured } from "../../components/study/measured";
import { compare, outcomesOf } from "../../components/study/observation";
import { asPredicted } from "../support/measured";
import { planOf } from "../support/problems";
import { REPOSITORY } from "../support/repository";

const NOW = new Date("2026-10-01T12:34:56Z");
const plan = planOf({ encapsulation: "VXLAN" });

/** As predicted, but for what `change` changes. */
function observedOn(lab: LabPlan, change: (measured: Measured) => void = () => {}): Observed {
  const measured = asPredicted(lab);
  change(measured);
  const sample = { pairs: pairsOf(lab), of: pairsOf(lab).length };
  return {
    observation: compare(lab, measured, NOW, sample, "the cluster"),
    outcomes: outcomesOf(lab, measured, sample),
    evidence: [
      {
        where: "w1-1",
        command: "ping 172.16.0.66",
        probe: "w1-1>w2-1:ICMP",
        exit: 1,
        output: "\u001b[1mlost\u001b[0m & <gone>",
      },
      { where: "w1-1", command: "ping 172.16.0.2", probe: "w1-1>cp1-1:ICMP", exit: 0, output: "1 received" },
    ],
  };
}

const lost = (measured: Measured) => {
  measured.results["w1-1>w2-1:ICMP"] = { works: false, detail: "no answer" };
  measured.results["w1-1>internet:ICMP"] = {
    works: false,
    detail: "not measured: w1 has no internet",
    unmeasured: true,
  };
  measured.checks = [
    {
      name: "MTU of the link of w1",
      predicted: "1500",
      observed: "1442",
      agrees: false,
      explanation: "set mtu",
    },
    { name: "DNS from w1-1", observed: "fails", agrees: true, explanation: "CoreDNS runs on cp1" },
  ];
};

// biome-ignore lint/suspicious/noExplicitAny: parsed XML
const suitesOf = (text: string): any => (convert(text, { format: "object" }) as any).testsuites;

describe("a JUnit report", () => {
  it("has a test for each probe of each pair, and no failure where all is as predicted", () => {
    const seen = observedOn(plan);
    const { "@tests": tests, "@failures": failures } = suitesOf(formatJunit("local", seen));
    assert.deepEqual([Number(tests), Number(failures)], [seen.outcomes.length, 0]);
  });

  it("fails what differs, with the command and its output, and skips what could not be measured", () => {
    const text = formatJunit("local", observedOn(plan, lost));
    const suites = suitesOf(text);
    assert.deepEqual([suites["@failures"], suites["@skipped"]], ["2", "1"]);
    assert.match(
      text,
      /name="w1-1 &gt; w2-1: ICMP works">\s*<failure message="predicted works, observed fails: no answer"/,
    );
    assert.match(text, /w1-1\$ ping 172\.16\.0\.66\n\?\[1mlost\?\[0m &amp; &lt;gone&gt;\n\(exit 1\)/);
    assert.doesNotMatch(text, /1 received/, "a test that passes needs no evidence");
    assert.match(
      text,
      /MTU of the link of w1: 1500"[^>]*>\s*<failure message="predicted 1500, observed 1442"/,
    );
  });
});

describe("a summary in Markdown", () => {
  it("has the table of paths and says that all is as predicted", () => {
    const text = formatMarkdown("local", observedOn(plan).observation);
    assert.match(text, /^## ✅ local: Observation: as predicted in all \d+ probes, on the cluster\n/);
    assert.match(text, /\n\| cross-subnet \| works \| 32\/32 \| 32\/32 \| 32\/32 \|/);
  });

  it("marks and lists what differs, and `?` where nothing was measured", () => {
    const { observation } = observedOn(plan, (measured) => {
      lost(measured);
      for (const id of Object.keys(measured.results))
        if (id.endsWith(">internet:TCP"))
          measured.results[id] = { works: false, detail: "not measured", unmeasured: true };
    });
    const text = formatMarkdown("local", observation);
    assert.match(text, /^## ❌ local: Observation: NOT as predicted/);
    assert.match(text, /\n\| cross-subnet \| works \| !!31\/32 \|/);
    assert.match(text, /\n\| pod-to-internet \| works \| 3\/3 \| \? \|/);
    assert.match(text, /- w1-1 > w2-1 \(cross-subnet, ICMP\): predicted works, observed fails: no answer/);
    assert.match(text, /1 of 2 other checks are as predicted/);
  });
});

describe("the observation of a cluster as text", () => {
  it("counts the other checks, and shows one that fails without a prediction", () => {
    const text = formatObservation(observedOn(plan, lost).observation);
    assert.match(text, /1 of 2 other checks as predicted/);
    assert.match(text, /DNS from w1-1: fails \(CoreDNS runs on cp1\)/);
    assert.match(text, /!! MTU of the link of w1: predicted 1500, observed 1442: set mtu/);
    for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
  });
});

describe("the README's workflow for GitHub Actions", () => {
  it("is YAML whose job rehearses a stack and writes all three reports", () => {
    const readme = fs.readFileSync(path.join(REPOSITORY, "README.md"), "utf8");
    const [, text = ""] = /```yaml\n(# \.github\/workflows\/[\s\S]*?)```/.exec(readme) ?? [];
    const { jobs } = parse(text) as { jobs: { rehearse: { steps: { run?: string }[] } } };
    const commands = jobs.rehearse.steps.map(({ run = "" }) => run).join("\n");
    assert.match(commands, /scripts\/lab up \S+ --config rehearse=true --config observe=false/);
    for (const option of ["--junit", "--json", "--markdown"]) assert.ok(commands.includes(option), option);
  });
});
