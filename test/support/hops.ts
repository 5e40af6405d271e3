/** A trace as lines of text, for tests that have every hop literally. */
import assert from "node:assert/strict";
import {
  type LabPlan,
  type Packet,
  type Pair,
  type ProbeName,
  rowsOf,
  type Trace,
  traceOf,
} from "../../components/plan";
import { planOf, type RawConfig } from "./problems";

/** The pair that stands for a row. */
export const pairAt = (plan: LabPlan, row: string): Pair =>
  (rowsOf(plan).rows.find(({ key }) => key === row) ?? assert.fail(row)).pair;

function traceAt(raw: RawConfig, row: string, probe: ProbeName): Trace {
  const plan = planOf(raw);
  return traceOf(plan, pairAt(plan, row), probe);
}

/** Each hop of a row's trace: `kind name in>out: decision, length and TTL`. */
export function hopsOf(raw: RawConfig, row: string, probe: ProbeName = "ICMP"): string[] {
  return traceAt(raw, row, probe).hops.map(({ kind, name, node, device, decision, out }) => {
    const devices = device ? ` ${device.in ?? ""}>${device.out ?? ""}` : "";
    return `${kind} ${name}${node && !name.includes(node) ? ` on ${node}` : ""}${devices}: ${decision}${out ? `, ${out.length} ttl ${ttlOf(out)}` : ""}`;
  });
}

/** The packet's innermost addresses and ports, where a hop of a row's trace makes or rewrites them: `name: from > to`. */
export function rewritesOf(raw: RawConfig, row: string, probe: ProbeName): string[] {
  let last = "";
  return traceAt(raw, row, probe).hops.flatMap(({ name, out }) => {
    const ends = out && endsOf(out);
    if (!ends || ends === last) return [];
    last = ends;
    return [`${name}: ${ends}`];
  });
}

/** The ends of a packet, of its innermost IPv4 header and of what is inside. */
function endsOf({ headers }: Packet): string {
  const ip = headers.findLast(({ kind }) => kind === "ipv4");
  assert.ok(ip?.kind === "ipv4");
  const carried = headers.at(headers.indexOf(ip) + 1);
  const isSegment = carried?.kind === "tcp" || carried?.kind === "udp";
  const { sourcePort, destinationPort } = isSegment ? carried : {};
  const end = (address: string, port: number | undefined) =>
    port === undefined ? address : `${address}:${port}`;
  return `${end(ip.source, sourcePort)} > ${end(ip.destination, destinationPort)}`;
}

/** The TTL of a packet's outermost header. */
function ttlOf({ headers: [first] }: Packet): number {
  assert.ok(first?.kind === "ipv4");
  return first.ttl;
}
