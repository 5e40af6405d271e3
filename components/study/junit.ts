/** An observation as a JUnit report, which CI systems show as tests. */
import type { Evidence } from "./evidence";
import type { Observed } from "./measure";
import { differs, type PairOutcome } from "./observation";

/** Attributes begin with `@`, as xmlbuilder2 wants them. */
interface TestCase {
  "@classname": string;
  "@name": string;
  failure?: { "@message": string; "#": string };
  skipped?: { "@message": string };
  "system-out"?: { "#": string };
}

/**
 * One test for each probe of each pair, in a suite for each row of the verdict, then one for each BGP session that differs,
 * and each other check. A test fails if the observation differs from the verdict, and is skipped if nothing could be
 * measured. The standard output has the commands and what they printed, where a test is not passed.
 *
 * The format is what Jenkins, GitLab and the report actions of GitHub read
 * (https://github.com/testmoapp/junitxml, "JUnit XML file format").
 * @param lab the stack's name.
 */
export function formatJunit(lab: string, { observation, outcomes, evidence }: Observed): string {
  const byProbe = new Map<string, Evidence[]>();
  for (const one of evidence) if (one.probe) byProbe.set(one.probe, [...(byProbe.get(one.probe) ?? []), one]);
  const suites = new Map<string, TestCase[]>();
  const add = (suite: string, test: TestCase) => suites.set(suite, [...(suites.get(suite) ?? []), test]);
  for (const outcome of outcomes) add(outcome.row, testOf(lab, outcome, byProbe.get(outcome.id) ?? []));
  for (const text of observation.disagreements.filter((one) => one.startsWith("BGP ")))
    add("BGP", { "@classname": `${lab}.BGP`, "@name": text, failure: { "@message": text, "#": text } });
  for (const { name, predicted, observed, agrees, explanation = "" } of observation.checks ?? []) {
    const message = `predicted ${predicted}, observed ${observed}`;
    add("checks", {
      "@classname": `${lab}.checks`,
      "@name": `${name}: ${predicted ?? observed}`,
      ...(!agrees && { failure: { "@message": message, "#": `${message}\n${explanation}` } }),
      ...(observed === "not measured" && { skipped: { "@message": explanation || observed } }),
    });
  }
  const all = [...suites].map(([name, tests]) => ({
    "@name": name,
    ...countsOf(tests),
    ...(observation.at && { "@timestamp": observation.at }),
    testcase: tests,
  }));
  const root = {
    testsuites: {
      "@name": `${lab}: ${observation.of}`,
      ...countsOf([...suites.values()].flat()),
      testsuite: all,
    },
  };
  // What a terminal's program prints may have control characters, which XML cannot have.
  // Only reports need it, and it is not a part of the bundle: no other command should load it.
  const { create } = require("xmlbuilder2") as typeof import("xmlbuilder2");
  return `${create({ version: "1.0", encoding: "UTF-8", invalidCharReplacement: "?" }, root).end({ prettyPrint: true })}\n`;
}

function testOf(lab: string, outcome: PairOutcome, evidence: readonly Evidence[]): TestCase {
  const { row, probe, from, to, predicted, observed, detail } = outcome;
  const said = `predicted ${predicted}, observed ${observed}${detail && `: ${detail}`}`;
  const isPassed = observed === predicted;
  return {
    "@classname": `${lab}.${row}`,
    "@name": `${from} > ${to}: ${probe} ${predicted}`,
    ...(differs(outcome) && { failure: { "@message": said, "#": said } }),
    ...(observed === "not measured" && { skipped: { "@message": detail } }),
    ...(!isPassed && evidence.length > 0 && { "system-out": { "#": evidence.map(transcriptOf).join("\n") } }),
  };
}

/** A command as in a terminal. */
const transcriptOf = ({ where, command, exit, output }: Evidence): string =>
  `${where}$ ${command}\n${output}${exit === undefined ? "" : `\n(exit ${exit})`}`;

const countsOf = (tests: readonly TestCase[]) => ({
  "@tests": tests.length,
  "@failures": tests.filter(({ failure }) => failure).length,
  "@skipped": tests.filter(({ skipped }) => skipped).length,
  "@errors": 0,
});
