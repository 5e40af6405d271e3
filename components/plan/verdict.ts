/** The verdict: what will happen on each path, at which hop, why, and how to fix it. It is a prediction and says so. */
import { TUNNELS } from "./encapsulation";
import { fabricFacts } from "./fabric";
import type { LabPlan } from "./lab";
import { type Outcome, outcomeOf } from "./outcome";
import { ownsNetwork } from "./placement";
import { tunnelsOf } from "./pool";
import { remarksOn } from "./remark";

/** The prediction for a lab. */
export interface Verdict extends Outcome {
  /** What the user should know although nothing fails: faults and their effect, and what surprises people. */
  remarks: string[];
  /** What this prediction cannot know. */
  unknown: string[];
}

/**
 * Predicts every path of the plan. Pure.
 *
 * @example
 * ```ts
 * import { judge, parseConfig, planLab } from "encaplab";
 *
 * const plan = planLab(parseConfig({ cloud: "aws", encapsulation: "None" }));
 * for (const { path, probe, outcome, failure } of judge(plan).paths)
 *   console.log(path, probe, outcome, failure?.cause ?? "");
 * ```
 */
export function judge(plan: LabPlan): Verdict {
  const outcome = outcomeOf(plan);
  return { ...outcome, remarks: remarksOn(plan, outcome), unknown: unknowns(plan) };
}

function unknowns(plan: LabPlan): string[] {
  const unknown = [
    "firewalls on the nodes themselves, and network policies",
    'hosts on the path that drop ICMP "fragmentation needed", or carry less than the link\'s MTU',
  ];
  if (plan.onTwin)
    unknown.push("how a real kubelet, kube-proxy or Calico behaves: the twin is a model of the network only");
  const tunnels = tunnelsOf(plan);
  const keeps = (plan.ipPools ?? [plan.ipPool]).some(({ natOutgoing }) => !natOutgoing);
  if (keeps && tunnels.length > 0)
    unknown.push(
      "nodes whose rp_filter is strict (1): they drop a pod's packet to a node, because it arrives on one device and its answer leaves by another",
    );
  if (tunnels.includes("vxlan") && !plan.onThisMachine)
    unknown.push(
      "NICs and kernels that send VXLAN with bad checksums: ping works and TCP does not (calico#9433, #4865); then run on every node: ethtool -K vxlan.calico tx-checksum-ip-generic off",
    );
  if (!ownsNetwork(plan)) unknown.push("what is between existing machines");
  const { ownFirewall } = fabricFacts(plan);
  if (ownFirewall)
    unknown.push(`${ownFirewall}, which must let through ${onTheWire(plan)} between the nodes`);
  if (!plan.onTwin && plan.calico && plan.podRoutes.length === 0)
    unknown.push("which block each node gets: Calico assigns blocks at run time");
  return unknown;
}

/** What the encapsulation sends between nodes, as a firewall's rule says it. */
function onTheWire(plan: LabPlan): string {
  const { bgp, antiSpoofing, ipPool } = plan;
  return [
    ...(bgp.enabled ? ["TCP 179"] : []),
    ...tunnelsOf(plan).map((kind) => TUNNELS[kind].wire),
    ...(antiSpoofing.needed ? [`packets of ${ipPool.cidr}`] : []),
  ].join(", ");
}
