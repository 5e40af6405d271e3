/** Traces beside the packets of a lab. */
import { probesOf, rowsOf, traceOf } from "../../components/plan";
import { type Follower, formatTrace } from "../../components/study";
import type { RawConfig } from "./problems";

export const TRACED_TOPOLOGY = [
  { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] },
  { name: "b", cidr: "10.0.4.0/24", nodes: ["w2"] },
];

/** Labs that together have every kind of hop, and lose packets at most of them. */
export const TRACED_LABS: readonly RawConfig[] = [
  { encapsulation: "VXLANCrossSubnet", fabric: "aws" },
  { encapsulation: "VXLAN", fabric: "plain", faults: ["mtu-too-big", "ip-forward-off"] },
  { encapsulation: "VXLAN", fabric: "openstack", faults: ["vxlan-blocked"] },
  { encapsulation: "None", fabric: "aws", natOutgoing: false, faults: ["source-dest-check"] },
  { encapsulation: "None", fabric: "hetzner", podRoutes: true },
  { encapsulation: "IPIP", fabric: "aws" },
  { encapsulation: "IPIPCrossSubnet", fabric: "plain", faults: ["ipip-blocked"] },
];

/**
 * Follows one trace for each path.
 * @returns those that real packets contradict, as text, and of how many something was measured.
 */
export async function followAll({
  plan,
  follow,
}: Follower): Promise<{ contradicted: string; measured: number }> {
  const wrong: string[] = [];
  let measured = 0;
  for (const [at, { pair }] of rowsOf(plan).rows.entries()) {
    // One of its probes: each takes a third of a second, and their packets differ in little.
    const probes = probesOf(pair);
    const traced = traceOf(plan, pair, probes[at % probes.length] ?? "TCP");
    const observed = await follow(traced, pair.to);
    if (!observed.unmeasured) measured++;
    if (!observed.agrees) wrong.push(formatTrace(traced, { width: 120 }, observed));
  }
  return { contradicted: wrong.join("\n\n"), measured };
}
