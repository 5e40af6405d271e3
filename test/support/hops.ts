/** A trace as lines of text, for tests that have every hop literally. */
import assert from "node:assert/strict";
import { type Packet, type ProbeName, rowsOf, traceOf } from "../../components/plan";
import { planOf, type RawConfig } from "./problems";

/** Each hop of a row's trace: `kind name in>out: decision, length and TTL`. */
export function hopsOf(raw: RawConfig, row: string, probe: ProbeName = "ICMP"): string[] {
  const plan = planOf(raw);
  const { pair } = rowsOf(plan).rows.find(({ key }) => key === row) ?? assert.fail(row);
  return traceOf(plan, pair, probe).hops.map(({ kind, name, node, device, decision, out }) => {
    const devices = device ? ` ${device.in ?? ""}>${device.out ?? ""}` : "";
    return `${kind} ${name}${node && !name.includes(node) ? ` on ${node}` : ""}${devices}: ${decision}${out ? `, ${out.length} ttl ${ttlOf(out)}` : ""}`;
  });
}

/** The TTL of a packet's outermost header. */
function ttlOf({ headers: [first] }: Packet): number {
  assert.ok(first?.kind === "ipv4");
  return first.ttl;
}
