/** The verdict: what will happen on each path, at which hop, why, and how to fix it. It is a prediction and says so. */
import type { Fault } from "../config";
import { ENCAPSULATION_FACTS, TUNNELS } from "./encapsulation";
import { carrierBetween, fabricFacts, hasEffect, type LabPlan, ownsGateway, routesNeedBgp } from "./lab";
import { examplesOf, nameOf, type Pair, type Path, PROBES, type ProbeName, probeOf, rowKey } from "./path";
import type { RuleName } from "./rule";
import { bgpEstablished, type Drop, trace } from "./trace";

export interface PathVerdict {
  path: Path;
  /** Set only where the outcome can depend on it: for `pod-to-node`. */
  reach?: Pair["reach"];
  probe: ProbeName;
  outcome: "works" | "fails";
  /** One pair that takes the path, e.g. `cp1-1 > w1-1`. */
  example: string;
  /** How it travels, e.g. `direct`, `tunl0, IP protocol 4`, `no BGP route: the default route`. */
  carrier: string;
  /** Set when it fails. */
  failure?: Failure;
}

export interface Failure {
  /** Where the packet is lost. */
  hop: string;
  cause: string;
  /** How to fix it, in one sentence. */
  fix: string;
  /** URL of a page that explains it. */
  reference: string;
  /** The fault in the config that causes it, if any. */
  fault?: Fault;
}

export interface Verdict {
  paths: PathVerdict[];
  /** Nodes whose calico-node will not become ready, with the message it will give. */
  notReady: { node: string; message: string }[];
  /** What follows from the design and surprises people although nothing fails. */
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
  const paths = examplesOf(plan).flatMap((pair) => PROBES.map((probe) => judgePath(plan, pair, probe)));
  return { paths, notReady: notReady(plan), remarks: remarksOn(plan, paths), unknown: unknowns(plan) };
}

/**
 * What the verdict says about one pair, to compare an observation with it.
 * @returns where the packet is lost; undefined when it arrives and is answered.
 * @throws {Error} when the pair's pod is on a node that the plan does not have.
 */
export function predict(plan: LabPlan, pair: Pair, probe: ProbeName): Drop | undefined {
  const from = plan.nodes.find(({ name }) => name === pair.from.node);
  if (!from)
    throw new Error(`pod ${pair.from.name} is on node ${pair.from.node}, which the plan does not have`);
  return trace(plan, { kind: "pod", pod: pair.from, node: from }, pair.to, probeOf(plan, pair, probe));
}

function judgePath(plan: LabPlan, pair: Pair, probe: ProbeName): PathVerdict {
  const drop = predict(plan, pair, probe);
  return {
    path: pair.path,
    ...(pair.reach && { reach: pair.reach }),
    probe,
    outcome: drop ? "fails" : "works",
    example: `${pair.from.name} > ${nameOf(pair.to)}`,
    carrier: carrierName(plan, pair),
    ...(drop && { failure: explain(plan, pair, drop) }),
  };
}

function carrierName(plan: LabPlan, { path, from, to }: Pair): string {
  if (path === "same-node") return "inside the node";
  if (to.kind !== "pod")
    return plan.ipPool.natOutgoing ? "with the node's address" : "with the pod's address";
  if (routesNeedBgp(plan) && !bgpEstablished(plan)) {
    return "no BGP route: the default route";
  }
  const a = plan.nodes.find(({ name }) => name === from.node);
  const carrier = a ? carrierBetween(plan, a, to.node) : "direct";
  return carrier === "direct" ? "direct" : `${TUNNELS[carrier].device}, ${TUNNELS[carrier].wire}`;
}

const DOCS = "https://docs.tigera.io/calico/latest";

const RULE_REFERENCES: Partial<Record<RuleName, string>> = {
  bgp: "https://github.com/projectcalico/calico/issues/3309",
  ipip: "https://github.com/projectcalico/calico/issues/1215",
  vxlan: "https://github.com/kubernetes-sigs/cluster-api-provider-aws/issues/1744",
  "pod-cidr": "https://github.com/antrea-io/antrea/issues/1080",
};

const RULE_WORDS: Partial<Record<RuleName, string>> = {
  bgp: "TCP 179 from the group",
  ipip: "IP protocol 4 (not 94) from the group",
  vxlan: "UDP 4789 from the group",
  "pod-cidr": "all protocols from the pod CIDR (a rule that names the group does not match pod addresses)",
};

function explain(plan: LabPlan, { to }: Pair, drop: Drop): Failure {
  const facts = fabricFacts(plan);
  const what = `${drop.onReturn ? "the answer" : "the packet"} ${drop.packet}`;
  const undo = drop.fault ? `take ${drop.fault} out of faults: ` : "";
  // Without Calico no other encapsulation can be chosen, so do not suggest one.
  const orUse = (encapsulation: string) => (plan.calico ? `, or use ${encapsulation}` : "");
  // No encapsulation tunnels packets to a node or to the internet: only natOutgoing helps there.
  const insteadOfPodAddress =
    to.kind !== "pod"
      ? ", or set natOutgoing: true"
      : orUse(plan.bgp.enabled ? "IPIP or VXLAN, which tunnel this path" : "VXLAN, which tunnels this path");
  const base = { hop: drop.hop, ...(drop.fault && { fault: drop.fault }) };
  switch (drop.cause) {
    case "security-group": {
      const words = (drop.rule && RULE_WORDS[drop.rule]) ?? `${drop.packet}`;
      const fix = `${undo}allow ${words}`;
      const reference =
        (drop.rule && RULE_REFERENCES[drop.rule]) ?? `${DOCS}/getting-started/kubernetes/requirements`;
      return { ...base, cause: `the security group has no rule for ${what}`, fix, reference };
    }
    case "no-bgp-route":
      return {
        ...base,
        cause: `BGP is not established, so no node has a route to another's block, and ${what} follows the default route, where it is lost`,
        fix: `${undo}allow TCP 179 from the group${orUse("VXLAN, whose routes need no BGP")}`,
        reference: RULE_REFERENCES.bgp as string,
      };
    case "anti-spoofing":
      return {
        ...base,
        cause: `${facts.antiSpoofing?.name} drops ${what}: a pod's address is not the node's own`,
        fix: `${undo}${facts.antiSpoofing?.fix}${insteadOfPodAddress}`,
        reference: facts.antiSpoofing?.reference ?? DOCS,
      };
    case "gateway":
      return {
        ...base,
        cause: `the ${facts.gateway} knows the nodes' subnets but not pod addresses, and drops ${what}`,
        fix: `${plan.calico ? "use a CrossSubnet encapsulation, or " : ""}${ownsGateway(plan) ? "set podRoutes: true to" : "have its owner"} give the gateway a route per node block`,
        reference: `${DOCS}/networking/configuring/vxlan-ipip`,
      };
    case "mtu":
      return {
        ...base,
        cause: `${what} is ${plan.mtu.pod} bytes with DF set, and ${drop.hop} carries ${plan.mtu.tunnel}`,
        fix: `${undo}pods need an MTU of ${plan.mtu.tunnel}: ${plan.mtu.link} minus the tunnel's header`,
        reference: `${DOCS}/networking/configuring/mtu`,
      };
    case "no-answer":
      return {
        ...base,
        cause: `${what} leaves with the pod's address, and the internet has no route back to it`,
        fix: "set natOutgoing: true",
        reference: `${DOCS}/networking/configuring/workloads-outside-cluster`,
      };
  }
}

function notReady(plan: LabPlan): Verdict["notReady"] {
  if (!plan.calico || !plan.bgp.enabled || bgpEstablished(plan)) return [];
  return plan.nodes
    .map(({ name }) => ({
      name,
      peers: plan.nodes.filter((other) => other.name !== name).map(({ address }) => address),
    }))
    .filter(({ peers }) => peers.length > 0)
    .map(({ name, peers }) => ({
      node: name,
      message: `calico/node is not ready: BIRD is not ready: BGP not established with ${peers.join(",")}`,
    }));
}

function remarksOn(plan: LabPlan, paths: readonly PathVerdict[]): string[] {
  const remarks = [...plan.notes];
  if (paths.some(({ failure }) => failure?.fault === "ipip-blocked")) {
    remarks.push(
      "the group is stateful: once a node has sent IP protocol 4, the other's packets pass for up to 600 s as answers, so a broken lab can look alive (calico#1996); this verdict is for the first packet, before there is any such state",
    );
  }
  if (!routesNeedBgp(plan) && notReady(plan).length > 0) {
    remarks.push(
      `calico-node is not ready, but pods reach each other: Felix programs the routes of ${plan.encapsulation}, so no path depends on BGP`,
    );
  }
  if (plan.faults.includes("node-as-32") && hasEffect(plan, "node-as-32")) {
    remarks.push(
      "a node recorded as /32 shares its subnet with no other node: all pods of other nodes are reached through the tunnel, without any error (calico#4254)",
    );
  }
  return remarks;
}

function unknowns(plan: LabPlan): string[] {
  const unknown = [
    "firewalls on the nodes themselves, and network policies",
    'hosts on the path that drop ICMP "fragmentation needed", or carry less than the link\'s MTU',
  ];
  if (plan.onTwin)
    unknown.push("how a real kubelet, kube-proxy or Calico behaves: the twin is a model of the network only");
  if (!plan.ipPool.natOutgoing && ENCAPSULATION_FACTS[plan.encapsulation].tunnel)
    unknown.push(
      "nodes whose rp_filter is strict (1): they drop a pod's packet to a node, because it arrives on one device and its answer leaves by another",
    );
  if (!ownsGateway(plan)) unknown.push("what is between existing machines");
  if (!plan.onTwin && plan.calico && plan.podRoutes.length === 0)
    unknown.push("which block each node gets: Calico assigns blocks at run time");
  return unknown;
}

/** Whether a path fails although no fault in the config causes it. Tell the user before the lab costs money. */
export const isWarning = ({ outcome, failure }: PathVerdict): boolean =>
  outcome === "fails" && !failure?.fault;

/** The name of a row, e.g. `pod-to-node (same-subnet)`. */
export const rowName = (row: PathVerdict): string => rowKey(row);
