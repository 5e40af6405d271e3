/** The paths of the lab, and the pairs of endpoints that use them. */
import type { LabPlan } from "./lab";
import type { NodePlan, PodPlan } from "./topology";
import { type Endpoint, INTERNET, type Probe } from "./trace";

/** The paths, from the nearest to the farthest. */
export const PATHS = ["same-node", "same-subnet", "cross-subnet", "pod-to-node", "pod-to-internet"] as const;
/** One of the {@link PATHS}. */
export type Path = (typeof PATHS)[number];

/** Where the other node is, seen from the node of the pod. */
export type Reach = "same-subnet" | "cross-subnet";

/** What is sent along a path: a 56-byte ping, a TCP exchange, and the largest ping that the path should carry. */
export const PROBES = ["ICMP", "TCP", "full-MTU"] as const;
/** One of the {@link PROBES}. */
export type ProbeName = (typeof PROBES)[number];

/** An ordered pair of endpoints. */
export interface Pair {
  path: Path;
  /** Where the node is. Only for `pod-to-node`: the names of the other paths say it. */
  reach?: Reach;
  from: PodPlan;
  to: Endpoint;
}

/** The TCP ports on which the study pods, the kubelets and the internet host listen. */
const POD_PORT = 8080;
const NODE_PORT = 10250;
const INTERNET_PORT = 443;

/** Every ordered pair: each pod to each other pod, and each node's first pod to every other node and the internet. */
export function pairsOf(plan: LabPlan): Pair[] {
  return plan.nodes.flatMap((a) => [
    ...a.pods.flatMap((from) => plan.nodes.flatMap((b) => podPairs(from, a, b))),
    ...plan.nodes.filter((b) => b !== a).map((b) => nodePair(a, b)),
    internetPair(a),
  ]);
}

const firstPod = ({ pods }: NodePlan): PodPlan => pods[0] as PodPlan;

const reachOf = (a: NodePlan, b: NodePlan): Reach => (a.subnet === b.subnet ? "same-subnet" : "cross-subnet");

const nodePair = (a: NodePlan, b: NodePlan): Pair => ({
  path: "pod-to-node",
  reach: reachOf(a, b),
  from: firstPod(a),
  to: { kind: "node", node: b },
});

const internetPair = (a: NodePlan): Pair => ({
  path: "pod-to-internet",
  from: firstPod(a),
  to: { kind: "internet" },
});

function podPairs(from: PodPlan, a: NodePlan, b: NodePlan): Pair[] {
  const path = a === b ? "same-node" : reachOf(a, b);
  return b.pods
    .filter((pod) => pod.name !== from.name)
    .map((pod) => ({ path, from, to: { kind: "pod", pod, node: b } }));
}

/**
 * One pair for each path (and reach) that the topology has, in the order of {@link PATHS}: the first that {@link pairsOf}
 * has. A lab of a hundred nodes has forty thousand pairs, so these are found without listing them all.
 */
export function examplesOf(plan: LabPlan): Pair[] {
  const { nodes } = plan;
  const [first] = nodes;
  if (!first) return [];
  const examples = podPairs(firstPod(first), first, first).slice(0, 1);
  for (const reach of ["same-subnet", "cross-subnet"] as const) {
    const a = nodes.find((one) => nodes.some((other) => isPeer(one, other, reach)));
    const b = a && nodes.find((other) => isPeer(a, other, reach));
    if (!a || !b) continue;
    examples.push(...podPairs(firstPod(a), a, b).slice(0, 1), nodePair(a, b));
  }
  examples.push(internetPair(first));
  return examples.sort((x, y) => PATHS.indexOf(x.path) - PATHS.indexOf(y.path));
}

const isPeer = (a: NodePlan, b: NodePlan, reach: Reach): boolean => a !== b && reachOf(a, b) === reach;

/** The name of a row in the verdict. Pairs with the same key have the same outcome. */
export const rowKey = ({ path, reach }: Pick<Pair, "path" | "reach">): string =>
  reach ? `${path} (${reach})` : path;

/** The packet that a probe sends along a pair. */
export function probeOf(plan: LabPlan, pair: Pair, probe: ProbeName): Probe {
  if (probe === "TCP") return { protocol: "tcp", port: portOf(pair.to), size: 60 };
  if (probe === "ICMP") return { protocol: "icmp", size: 84 };
  const outside = pair.to.kind === "internet" ? INTERNET.mtu : Number.POSITIVE_INFINITY;
  return { protocol: "icmp", size: Math.min(plan.mtu.pod, outside) };
}

function portOf(to: Endpoint): number {
  if (to.kind === "pod") return POD_PORT;
  return to.kind === "node" ? NODE_PORT : INTERNET_PORT;
}

/** An endpoint's IPv4 address. */
export function addressOf(end: Endpoint): string {
  if (end.kind === "pod") return end.pod.address;
  return end.kind === "node" ? end.node.address : INTERNET.address;
}

/** An endpoint's name, which is also the name of its network namespace on the twin. */
export function nameOf(end: Endpoint): string {
  if (end.kind === "pod") return end.pod.name;
  return end.kind === "node" ? end.node.name : "internet";
}
