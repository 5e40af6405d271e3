/** The verdict and the observation as tables for a terminal. */
import Table from "cli-table3";
import { isWarning, type PathVerdict, PROBES, rowKey, type Verdict } from "../plan";
import type { Observation, ObservedRow } from "./observation";

/** No colours, because Pulumi and CI logs do not show them reliably; and no line between the rows. */
const PLAIN = { style: { head: [], border: [], compact: true } };

/** The verdict as text: a table, then what fails and how to fix it, then what it cannot know. */
export function formatVerdict(verdict: Verdict): string {
  const table = new Table({ ...PLAIN, head: ["path", ...PROBES, "how it travels"] });
  for (const rows of byPath(verdict.paths)) {
    const first = rows[0] as PathVerdict;
    table.push([rowKey(first), ...rows.map(({ outcome }) => outcome), first.carrier]);
  }
  return [
    "Verdict (a prediction):",
    table.toString(),
    ...failureGroups(verdict.paths).map(describeFailure),
    ...verdict.notReady.map(({ node, message }) => `${node}: ${message}`),
    ...verdict.remarks.map((remark) => `note: ${remark}`),
    `The verdict cannot know: ${verdict.unknown.join("; ")}.`,
  ].join("\n");
}

/** The rows that fail, grouped by path, hop and fix. */
export function failureGroups(rows: readonly PathVerdict[]): PathVerdict[][] {
  return group(
    rows.filter(({ outcome }) => outcome === "fails"),
    (row) => `${rowKey(row)}|${row.failure?.hop}|${row.failure?.fix}`,
  );
}

/** A group of {@link failureGroups} in three lines: where and why, the fix, the reference. */
export function describeFailure(rows: readonly PathVerdict[]): string {
  const row = rows[0] as PathVerdict;
  const probes = rows.length === PROBES.length ? "" : ` (${rows.map(({ probe }) => probe).join(", ")})`;
  return [
    `${isWarning(row) ? "warning" : "intended"}: ${rowKey(row)}${probes} fails at ${row.failure?.hop}: ${row.failure?.cause}.`,
    `  fix: ${row.failure?.fix}.`,
    `  see: ${row.failure?.reference}`,
  ].join("\n");
}

/** The observation next to the verdict, as text. Every disagreement is marked with `!!`. */
export function formatObservation(observation: Observation): string {
  const table = new Table({ ...PLAIN, head: ["path", "predicted", ...PROBES, "route", "outside"] });
  for (const rows of byPath(observation.rows)) {
    const path = rowKey(rows[0] as ObservedRow);
    const wire = observation.wire.find((item) => item.path === path);
    table.push([path, predicted(rows), ...rows.map(cell), deviceOf(wire?.route), outerOf(wire?.packet)]);
  }
  const details = observation.rows.filter(({ detail }) => detail !== "");
  return [
    `Observation (of ${observation.of}; pairs that worked, of all):`,
    table.toString(),
    ...details.map((row) => `${rowKey(row)}, ${row.probe}: ${row.detail}`),
    ...observation.wire.map(
      ({ path, example, route, packet }) =>
        `${path}, ${example}:\n  ip route get: ${route || "no route"}\n  tcpdump: ${packet.replaceAll("\n", "\n           ") || "nothing seen"}`,
    ),
    ...Object.entries(observation.sessionsDown).map(
      ([node, peers]) => `${node}: BGP is not established with ${peers.join(", ")}`,
    ),
    ...observation.notConverged.map((text) => `did not converge in time: ${text}`),
    observation.agrees
      ? "Predicted and observed agree on every pair."
      : [
          "DISAGREEMENT between verdict and observation:",
          ...observation.disagreements.map((text) => `  !! ${text}`),
        ].join("\n"),
  ].join("\n");
}

/** One word if the prediction is the same for all probes, else one per probe. */
function predicted(rows: readonly ObservedRow[]): string {
  const words = new Set(rows.map(({ outcome }) => outcome));
  return words.size === 1
    ? [...words].join()
    : rows.map(({ probe, outcome }) => `${probe} ${outcome}`).join(", ");
}

const cell = ({ agrees, observed, working, pairs }: ObservedRow): string =>
  `${agrees ? "" : "!! "}${observed} ${working}/${pairs}`;

const deviceOf = (route = ""): string => route.match(/ dev (\S+)/)?.[1] ?? "none";

/** The outermost header that tcpdump showed: `10.0.3.10 > 10.0.4.10`, with what it carries. */
function outerOf(packet = ""): string {
  const line = packet.split("\n")[0] ?? "";
  const ends = line.match(/length \d+: (\S+) > ([^:]+):/);
  if (!ends) return "nothing seen";
  // tcpdump shows IP-in-IP as two pairs of addresses, one after the other, and does not name it.
  const inner = /length \d+: \S+ > [^:]+: (?:IP )?\S+ > /.test(line);
  const carries = /VXLAN/.test(line) ? "VXLAN" : inner ? "IP protocol 4" : "no tunnel";
  return `${withoutPort(ends[1] as string)} > ${withoutPort(ends[2] as string)}, ${carries}`;
}

const withoutPort = (end: string): string => end.split(".").slice(0, 4).join(".");

/** The rows grouped by path: one row for each probe. */
const byPath = <Row extends PathVerdict>(rows: readonly Row[]): Row[][] => group(rows, rowKey);

function group<Row>(rows: readonly Row[], keyOf: (row: Row) => string): Row[][] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return [...groups.values()];
}
