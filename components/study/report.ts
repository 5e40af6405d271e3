/** The verdict and the observation as tables for a terminal. */
import Table from "cli-table3";
import { isWarning, type PathVerdict, rowKey, type Verdict } from "../plan";
import type { Observation, ObservedRow } from "./observation";

const PLAIN = { style: { head: [], border: [] }, wordWrap: true };

/** The verdict as text: a table, then what fails and how to mend it, then what it cannot know. */
export function formatVerdict(verdict: Verdict): string {
  const table = new Table({ ...PLAIN, head: ["path", "ICMP", "TCP", "full-MTU", "how it travels"] });
  for (const rows of byPath(verdict.paths)) {
    const first = rows[0] as PathVerdict;
    table.push([rowKey(first), ...rows.map(({ outcome }) => outcome), first.carrier]);
  }
  return [
    "Verdict (a prediction):",
    table.toString(),
    ...failures(verdict.paths),
    ...verdict.notReady.map(({ node, message }) => `${node}: ${message}`),
    ...verdict.remarks.map((remark) => `note: ${remark}`),
    `It cannot know: ${verdict.unknown.join("; ")}.`,
  ].join("\n");
}

/** Each different failure once, with the paths that meet it. */
function failures(rows: readonly PathVerdict[]): string[] {
  const groups = new Map<string, PathVerdict[]>();
  for (const row of rows.filter(({ outcome }) => outcome === "fails")) {
    const key = `${rowKey(row)}|${row.failure?.mend}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].map((group) => describeFailure(group));
}

function describeFailure(rows: readonly PathVerdict[]): string {
  const row = rows[0] as PathVerdict;
  const { failure } = row;
  const kind = isWarning(row) ? "warning" : "intended";
  const probes = rows.length === 3 ? "" : ` (${rows.map(({ probe }) => probe).join(", ")})`;
  return [
    `${kind}: ${rowKey(row)}${probes} fails at ${failure?.hop}: ${failure?.cause}.`,
    `  mend: ${failure?.mend}.`,
    `  see: ${failure?.reference}`,
  ].join("\n");
}

/** The observation beside the verdict as text; disagreement is marked loudly. */
export function formatObservation(observation: Observation): string {
  const table = new Table({ ...PLAIN, head: ["path", "probe", "predicted", "observed", "pairs", ""] });
  for (const row of observation.rows) {
    table.push([rowKey(row), row.probe, row.outcome, row.observed, `${row.working}/${row.pairs}`, mark(row)]);
  }
  return [
    `Observation (of ${observation.of}):`,
    table.toString(),
    ...observation.wire.map(
      ({ path, example, route, packet }) =>
        `${path}: ${example}\n  route:  ${route || "none"}\n  packet: ${packet || "none seen"}`,
    ),
    ...Object.entries(observation.sessionsDown).map(
      ([node, peers]) => `${node}: BGP is not established with ${peers.join(", ")}`,
    ),
    ...observation.unsettled.map((text) => `not settled in time: ${text}`),
    observation.agrees
      ? "Predicted and observed agree on every pair."
      : [
          "DISAGREEMENT between verdict and observation:",
          ...observation.disagreements.map((text) => `  !! ${text}`),
        ].join("\n"),
  ].join("\n");
}

const mark = (row: ObservedRow): string => (row.agrees ? row.detail : `!! DISAGREES ${row.detail}`);

/** Rows of one path stand together: one for each probe. */
function byPath(rows: readonly PathVerdict[]): PathVerdict[][] {
  const groups = new Map<string, PathVerdict[]>();
  for (const row of rows) groups.set(rowKey(row), [...(groups.get(rowKey(row)) ?? []), row]);
  return [...groups.values()];
}
