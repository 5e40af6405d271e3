/** What will happen in a lab: on each path, and to the readiness of each node. */
import { bgpEstablished, gatewaySessionUp, runsBird, sessionUp } from "./bgp";
import { carrierBetween } from "./carrier";
import type { Drop } from "./drop";
import { TUNNELS } from "./encapsulation";
import { addressOf, nameOf } from "./endpoint";
import { explain, type Failure } from "./failure";
import type { LabPlan } from "./lab";
import type { Pair, Path } from "./path";
import { arePeers } from "./peering";
import { isNatted } from "./pool";
import { type ProbeName, probesOf } from "./probe";
import { rememberAll } from "./remember";
import { hasRoute, routesBy } from "./route";
import { divide, type Row, type Rows } from "./row";
import { tenantCarrier } from "./tenant-failure";
import { type NodePlan, subnetOf } from "./topology";
import { predict } from "./trace";
import { recordedIp } from "./vpn";

/** The prediction for one probe on one path. */
export interface PathVerdict {
  path: Path;
  /** Set only where the outcome can depend on it, and the path's name does not say it. */
  reach?: Pair["reach"];
  /** The Service's `externalTrafficPolicy`. Only for `client-to-nodeport`. */
  policy?: Pair["policy"];
  /** Which nodes the row is about, where a fault on some of them makes the path's outcome differ: `to w2`, `others`. */
  part?: string;
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
  /**
   * For each path that the topology has, one row per probe. Where a fault on some nodes makes them differ, a path has such
   * rows for each of its outcomes.
   */
  paths: PathVerdict[];
  /** Nodes whose calico-node will not become ready, with the message it will give. */
  notReady: { node: string; message: string }[];
}

/** Predicts what will happen in a lab. Pure. */
export const outcomeOf = (plan: LabPlan): Outcome => ({
  paths: rowsOf(plan).rows.flatMap((row) => probesOf(row.pair).map((probe) => judgePath(plan, row, probe))),
  notReady: notReady(plan),
});

/** The rows of a plan's verdict, each with the pairs that it is about. */
export const rowsOf: (plan: LabPlan) => Rows = rememberAll((plan) =>
  divide(plan, (pair) => {
    const fates = probesOf(pair).map((probe) => fateOf(predict(plan, pair, probe)));
    return JSON.stringify([fates.some((fate) => fate !== undefined), carrierName(plan, pair), fates]);
  }),
);

/**
 * What the verdict says about every pair, worked out once for each row: a hundred nodes have ten thousands of pairs, and all
 * pairs of a row have the same outcome.
 * @returns whether a probe of a pair works. @throws {Error} for a pair that the plan does not have.
 */
export function expectations(plan: LabPlan): (pair: Pair, probe: ProbeName) => boolean {
  const { rowOf } = rowsOf(plan);
  const known = new Map<string, boolean>();
  return (pair, probe) => {
    const row = rowOf(pair);
    const key = `${row.key}:${probe}`;
    const works = known.get(key) ?? !predict(plan, row.pair, probe);
    known.set(key, works);
    return works;
  };
}

/** Why a packet is lost, without the names of the nodes. */
const fateOf = (drop: Drop | undefined) => drop && [drop.cause, drop.rule, drop.fault, drop.onReturn];

function judgePath(plan: LabPlan, { pair, part }: Row, probe: ProbeName): PathVerdict {
  const drop = predict(plan, pair, probe);
  return {
    path: pair.path,
    ...(pair.reach && { reach: pair.reach }),
    ...(pair.policy && { policy: pair.policy }),
    ...(part && { part }),
    probe,
    outcome: drop ? "fails" : "works",
    example: `${pair.from.name} > ${nameOf(pair.to)}`,
    carrier: carrierName(plan, pair),
    ...(drop && { failure: explain(plan, pair, drop) }),
  };
}

function carrierName(plan: LabPlan, pair: Pair): string {
  const { path, policy, from, to } = pair;
  if (path === "same-node") return "inside the node";
  if (policy === "Local") return "to the node's own pod";
  const tenant = tenantCarrier(plan, pair);
  if (tenant) return tenant;
  if (to.kind === "node" || to.kind === "internet" || to.kind === "instance")
    return isNatted(plan, from.address, addressOf(to)) ? "with the node's address" : "with the pod's address";
  // kube-proxy has rewritten a Service's address by then, on the node that a NodePort's client asks or on the pod's own.
  const start = to.kind === "nodeport" ? to.entry.name : from.node;
  const a = plan.nodes.find(({ name }) => name === start);
  const { address } = to.pod;
  if (a && a.name !== to.node.name && !hasRoute(plan, a, to.node, address))
    return `no ${routesBy(plan, address) === "BIRD" ? "BGP" : "VXLAN"} route: the default route`;
  const carrier = a ? carrierBetween(plan, a, to.node, address) : "direct";
  return carrier === "direct" ? "direct" : `${TUNNELS[carrier].device}, ${TUNNELS[carrier].wire}`;
}

function notReady(plan: LabPlan): Outcome["notReady"] {
  if (!plan.calico || !plan.bgp.enabled || bgpEstablished(plan)) return [];
  return plan.nodes.flatMap((node) => {
    const message = whyNotReady(plan, node);
    return message
      ? [{ node: node.name, message: `calico/node is not ready: BIRD is not ready: ${message}` }]
      : [];
  });
}

/** What a calico-node says of itself (checkBIRDReady in node/pkg/health/health.go); undefined if it is ready. */
function whyNotReady(plan: LabPlan, node: NodePlan): string | undefined {
  if (!runsBird(plan, node))
    return "unable to connect to BIRDv4 socket: dial unix /var/run/calico/bird.ctl: connect: connection refused";
  const peers = plan.nodes.filter((peer) => peer.name !== node.name && arePeers(plan, node, peer));
  const gateway = plan.bgp.gatewayAsNumber === undefined ? undefined : subnetOf(plan, node);
  // After 30 s one established session is enough.
  if (peers.some((peer) => sessionUp(plan, node, peer))) return undefined;
  if (gateway && gatewaySessionUp(plan, node)) return undefined;
  const missing = [...peers.map(recordedIp), ...(gateway ? [gateway.gateway] : [])];
  return missing.length > 0 ? `BGP not established with ${missing.join(",")}` : undefined;
}

/** Whether a path fails although no fault in the config causes it. Tell the user before the lab costs money. */
export const isWarning = ({ outcome, failure }: PathVerdict): boolean =>
  outcome === "fails" && !failure?.fault;
