/** What will happen in a lab: on each path, and to the readiness of each node. */
import { carrierBetween } from "./carrier";
import { routesNeedBgp, TUNNELS } from "./encapsulation";
import { explain, type Failure } from "./failure";
import type { LabPlan } from "./lab";
import { examplesOf, nameOf, type Pair, type Path, PROBES, type ProbeName, probeOf } from "./path";
import { bgpEstablished, type Drop, trace } from "./trace";

/** The prediction for one probe on one path. */
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

/** What will happen in a lab. */
export interface Outcome {
  /** For each path that the topology has, one row per probe. */
  paths: PathVerdict[];
  /** Nodes whose calico-node will not become ready, with the message it will give. */
  notReady: { node: string; message: string }[];
}

/** Predicts what will happen in a lab. Pure. */
export const outcomeOf = (plan: LabPlan): Outcome => ({
  paths: examplesOf(plan).flatMap((pair) => PROBES.map((probe) => judgePath(plan, pair, probe))),
  notReady: notReady(plan),
});

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

function notReady(plan: LabPlan): Outcome["notReady"] {
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

/** Whether a path fails although no fault in the config causes it. Tell the user before the lab costs money. */
export const isWarning = ({ outcome, failure }: PathVerdict): boolean =>
  outcome === "fails" && !failure?.fault;
