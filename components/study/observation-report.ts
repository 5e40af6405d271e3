/** The observation beside the verdict, as text for a terminal. */
import { probesOf, rowKey } from "../plan";
import { type Column, DEFAULT_WIDTH, formatColumns, wrap } from "./columns";
import { groupBy, listNames } from "./failure";
import type { Observation, ObservedRow } from "./observation";
import { outcomeOf, PROBE_COLUMNS, type ReportOptions, rowIn, shorten } from "./verdict-report";

/**
 * The observation beside the verdict, as text: a summary in the first line, a table with one row for each path, then what
 * was seen where a probe failed. Every disagreement is marked with `!!`.
 *
 * A path's route and packet are written if the path disagrees with the verdict. With `verbose`, they are written for all
 * paths, and the device of a path inside a node by its full name.
 */
export function formatObservation(observation: Observation, options: ReportOptions = {}): string {
  const { verbose = false, width = DEFAULT_WIDTH } = options;
  const disagreeing = new Set(observation.rows.filter(({ agrees }) => !agrees).map(rowKey));
  const wires = observation.wire.filter(({ path }) => verbose || disagreeing.has(path));
  return [
    wrap(headlineOf(observation), { width }),
    wrap(LEGEND, { width, hang: 1 }),
    formatTable(observation, verbose, width),
    ...sampleNote(observation, width),
    ...[
      ...seenWhereFailed(observation.rows),
      ...troubleOf(observation, verbose),
      ...checksOf(observation, verbose),
    ].map((text) => wrap(text, { width })),
    ...wires.flatMap((wire) => formatWire(wire, width)),
    ...formatDisagreements(observation.disagreements, width),
  ].join("\n");
}

/**
 * An observation that was made before and still holds, in one sentence. For an `up` that changed nothing.
 * @param observation one that agrees with the verdict.
 */
export function summarizeObservation(observation: Observation, width: number = DEFAULT_WIDTH): string {
  const failing = groupBy(observation.rows, rowKey).filter((rows) => outcomeOf(rows) !== "works");
  const fails = groupBy(failing, outcomeOf)
    .map((same) => `${outcomeOf(same[0])}: ${listNames(same.map((rows) => rowKey(rows[0])))}`)
    .join("; ");
  const outcome = `as predicted in all ${probesIn(observation)} probes${fails && ` (${fails})`}`;
  const since = observation.at ? `${observation.at.slice(0, 16).replace("T", " ")} UTC` : "it was made";
  return wrap(`Observation: ${outcome}; nothing has changed since ${since}.`, { width });
}

const probesIn = ({ rows }: Observation): number => rows.reduce((sum, { pairs }) => sum + pairs, 0);

/** The outcome in a sentence. */
export function headlineOf(observation: Observation): string {
  const outcome = observation.agrees
    ? `as predicted in all ${probesIn(observation)} probes`
    : "NOT as predicted";
  return `Observation: ${outcome}, on ${observation.of}`;
}

const LEGEND =
  "(pairs that worked, of all pairs; PING: a ping, or to a Service a datagram; MTU: the largest packet)";

/** Says which pairs of a large lab were not probed, and how to probe them. */
function sampleNote({ sample }: Observation, width: number): string[] {
  if (!sample) return [];
  const text = `A sample: ${sample.pairs} of ${sample.of} pairs, with each node as both ends of each path; \`lab observe --all\` measures all.`;
  return [wrap(text, { width })];
}

function formatTable({ rows, wire }: Observation, verbose: boolean, width: number): string {
  // The counts are single words, so one space is enough between them, and the usual table fits the engine's display.
  const counts: Column[] = PROBE_COLUMNS.map(({ head }, i) => ({ head, gap: i === 0 ? 2 : 1 }));
  const columns = [{ head: "PATH" }, { head: "VERDICT" }, ...counts, { head: "DEVICE" }, { head: "TUNNEL" }];
  const lines = groupBy(rows, rowKey).map((probes) => {
    const path = rowKey(probes[0]);
    const seen = wire.find((item) => item.path === path);
    return [
      shorten(path),
      outcomeOf(probes),
      ...PROBE_COLUMNS.map((column) => countOf(rowIn(probes, column))),
      deviceOf(seen?.route, verbose),
      tunnelOf(seen?.packet),
    ];
  });
  return formatColumns(columns, lines, width);
}

/** The pairs that worked, of those that were measured; `?` if none was. */
export const countOf = (row: ObservedRow | undefined): string =>
  row
    ? `${row.agrees ? "" : "!!"}${row.observed === "not measured" ? "?" : `${row.working}/${row.pairs}`}`
    : "-";

/** The device of `ip route get`. A pod's own interface has a long name, which says nothing but that it is a pod's. */
export function deviceOf(route = "", full: boolean): string {
  const device = route.match(/ dev (\S+)/)?.[1] ?? "none";
  return full ? device : device.replace(/^cali[0-9a-f]{11}$/, "cali*");
}

/** The tunnel in which tcpdump saw the packet: `VXLAN`, `IPIP` or `none`; `unseen` if it saw no packet. */
export function tunnelOf(packet = ""): string {
  const line = packet.split("\n")[0] ?? "";
  if (!/length \d+: \S+ > [^:]+:/.test(line)) return "unseen";
  if (/VXLAN/.test(line)) return "VXLAN";
  // tcpdump shows IP-in-IP as two pairs of addresses, one after the other, and does not name it.
  return /length \d+: \S+ > [^:]+: (?:IP )?\S+ > /.test(line) ? "IPIP" : "none";
}

/** One line for each path and answer, e.g. `same-subnet (ICMP, TCP): no answer`. */
function seenWhereFailed(rows: readonly ObservedRow[]): string[] {
  const failing = rows.filter(({ detail }) => detail !== "");
  return groupBy(failing, (row) => `${rowKey(row)}|${row.detail}`).map((same) => {
    const probes =
      same.length === probesOf(same[0]).length ? "" : ` (${same.map(({ probe }) => probe).join(", ")})`;
    return `${rowKey(same[0])}${probes}: ${same[0].detail}`;
  });
}

/** BGP sessions that are down, with `verbose` each of them, and routes that did not converge. */
function troubleOf({ sessionsDown, notConverged }: Observation, verbose: boolean): string[] {
  const down = Object.entries(sessionsDown);
  const short = down.length > 0 ? [`BGP sessions are down on ${down.map(([node]) => node).join(", ")}`] : [];
  const long = down.map(([node, peers]) => `${node}: BGP is not established with ${peers.join(", ")}`);
  return [...(verbose ? long : short), ...notConverged.map((text) => `did not converge in time: ${text}`)];
}

/** What else was looked at: how many, and each that the plan does not expect; with `verbose` all of them. */
function checksOf({ checks = [], nodes = [] }: Observation, verbose: boolean): string[] {
  if (checks.length === 0) return [];
  const expected = checks.filter(({ agrees }) => agrees).length;
  const shown = checks.filter(
    ({ predicted, observed }) => verbose || (predicted === undefined && observed === "fails"),
  );
  const facts = verbose
    ? nodes.flatMap(({ node, routes }) => routes.map((route) => `${node}: ${route}`))
    : [];
  return [
    `${expected} of ${checks.length} other checks as predicted (DNS, NodePorts, calico-node, MTUs, addresses)`,
    ...shown.map(
      ({ name, observed, explanation }) => `${name}: ${observed}${explanation ? ` (${explanation})` : ""}`,
    ),
    ...facts,
  ];
}

function formatWire({ path, example, route, packet }: Observation["wire"][number], width: number): string[] {
  // The second line, if any, is what tcpdump found inside the tunnel.
  const packets = (packet || "nothing seen").split("\n").map((line) => line.trim());
  return [
    `${path}, ${example}:`,
    `  ip route get: ${route || "no route"}`,
    ...packets.map((line, i) => (i === 0 ? `  tcpdump: ${line}` : `    ${line}`)),
  ].map((text) => wrap(text, { width }));
}

function formatDisagreements(disagreements: readonly string[], width: number): string[] {
  if (disagreements.length === 0) return [];
  return [
    "DISAGREEMENT between verdict and observation:",
    ...disagreements.map((text) => wrap(`  !! ${text}`, { width, hang: 3 })),
  ];
}
