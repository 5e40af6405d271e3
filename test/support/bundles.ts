/** A lab through a bundle and back, as a reporter and a maintainer would send it. */
import assert from "node:assert/strict";
import { judge, type LabPlan, pairsOf } from "../../components/plan";
import { bundleFiles, bundleIn, bundleText, rehearsed } from "../../components/study/bundle";
import { type Report, redact } from "../../components/study/report";
import { archiveOf, unpack } from "../../scripts/cli/archive";

const reportOn = (plan: LabPlan): Report => ({
  stack: "mine",
  version: "0.0.0",
  madeAt: "2026-11-26T08:00:00.000Z",
  isUp: false,
  plan,
  modes: [],
  notes: [],
  config: [],
});

const ENVIRONMENT = { node: "v20.0.0" };

/** Data as JSON keeps it: a plan in a state has nothing that is undefined. */
const asJson = <T>(value: T): T => JSON.parse(JSON.stringify(value));

/** The plan that comes back, from the archive if `packed`, else from the files in memory or from pasted text. */
export async function throughArchive(plan: LabPlan): Promise<LabPlan | undefined> {
  const files = bundleFiles({ report: reportOn(plan), isRedacted: false, environment: ENVIRONMENT });
  const bytes = await archiveOf(files, new Date(0));
  const entries = await unpack(bytes, "lab.tar", () => true);
  const found = bundleIn(entries.map(({ name, content }) => ({ name, text: content.toString("utf8") })));
  assert.equal(found?.differs, false);
  return found?.plan;
}

/** What a verdict says without the names of nodes, which redaction replaces. */
const told = (plan: LabPlan) => {
  const { paths, notReady } = judge(plan);
  return {
    rows: paths.map((row) => [
      row.path,
      row.reach,
      row.policy,
      row.probe,
      row.outcome,
      row.carrier,
      row.failure?.fault,
    ]),
    notReady: notReady.length,
  };
};

/** Sends a lab through both forms of a bundle, open and redacted, and compares what comes back. */
export function assertRoundTrip(plan: LabPlan): void {
  const report = reportOn(plan);
  const open = { report, isRedacted: false, environment: ENVIRONMENT };
  const files = bundleIn(bundleFiles(open))?.plan;
  assert.deepEqual(asJson(files), asJson(plan), "the same plan, from the files");
  assert.deepEqual(asJson(judge(files as LabPlan)), asJson(judge(plan)), "the same verdict");
  const pasted = bundleIn([{ name: "issue.md", text: bundleText(open) }])?.plan;
  assert.deepEqual(asJson(pasted), asJson(plan), "the same plan, from the text");
  const before = told(plan);
  const { plan: here, refused } = rehearsed(plan);
  if (!refused) assert.deepEqual(told(here).rows, before.rows, "the same paths when it is rehearsed");
  const closed = { report: redact(report), isRedacted: true, environment: ENVIRONMENT };
  const shown = bundleIn(bundleFiles(closed))?.plan as LabPlan;
  assert.deepEqual(told(shown), before, "the same verdict when it is redacted");
  assert.equal(pairsOf(shown).length, pairsOf(plan).length);
  const text = bundleIn([{ name: "issue.md", text: bundleText(closed) }])?.plan;
  assert.deepEqual(text, shown, "the same from redacted text");
}
