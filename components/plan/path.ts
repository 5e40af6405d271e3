/** The paths of the lab, and the pairs of endpoints that use them. */
import type { Endpoint } from "./endpoint";
import type { LabPlan } from "./lab";
import type { TrafficPolicy } from "./service";
import { crossesLink } from "./site";
import { instanceEnds, instanceSource, tenantPortOf } from "./tenant";
import type { NodePlan, PodPlan } from "./topology";

/** The paths, from the nearest to the farthest. */
export const PATHS = [
  "same-node",
  "same-subnet",
  "cross-subnet",
  "cross-site",
  "pod-to-node",
  "node-to-pod",
  "pod-to-service",
  "client-to-nodeport",
  "pod-to-tenant",
  "tenant-to-pod",
  "pod-to-internet",
] as const;
/** One of the {@link PATHS}. */
export type Path = (typeof PATHS)[number];

/** Where another end can be, from the nearest to the farthest. */
const REACHES = ["same-node", "same-subnet", "cross-subnet", "cross-site", "without port"] as const;
/** Where another node can be. */
type NodeReach = "same-subnet" | "cross-subnet" | "cross-site";

/**
 * Where the other node is, seen from the node where the packet starts, or where kube-proxy forwards it. Between a pod and an
 * instance: where the instance's compute host is, or that the pod's node has no port in the tenant network.
 */
export type Reach = (typeof REACHES)[number];

/** Where a packet starts: a pod, a node, whose `node` is its own name, or an instance, whose `node` is its compute host. */
export type Source = Pick<PodPlan, "name" | "node" | "address"> & Partial<Pick<PodPlan, "interface">>;

/** An ordered pair of endpoints. */
export interface Pair {
  path: Path;
  /** Where the node is, if the path's name does not say it. */
  reach?: Reach;
  /** The Service's `externalTrafficPolicy`. Only for `client-to-nodeport`. */
  policy?: TrafficPolicy;
  /** The TCP port to probe, and nothing else, if it is not the usual one of such an endpoint. */
  port?: number;
  from: Source;
  to: Endpoint;
}

/** Another port of a node, which no rule for a component of Kubernetes would open: the usual one of node-exporter. */
const OTHER_NODE_PORT = 9100;

/**
 * Every ordered pair: each pod to each other pod; between a node's first pod and every other node, both ways; its first
 * pod to the internet. Of Services only as many pairs as there are nodes, since kube-proxy only rewrites addresses: one
 * from each other node to each of them. Of instances one from each node and one to each.
 * @param isWanted whether to list the pairs from a node and its pods to another node and its pods. Default: all.
 */
export function pairsOf(
  plan: LabPlan,
  isWanted: (from: NodePlan, to: NodePlan) => boolean = () => true,
): Pair[] {
  const between = plan.nodes.flatMap((a) => {
    const ends = plan.nodes.filter((b) => b === a || isWanted(a, b));
    return [
      ...a.pods.flatMap((from) => ends.flatMap((b) => podPairs(from, a, b))),
      ...ends.filter((b) => b !== a).flatMap((b) => nodePairs(a, b)),
      internetPair(a),
    ];
  });
  return [...between, ...servicePairs(plan), ...tenantPairs(plan)];
}

/** How many {@link pairsOf} lists: a lab of 256 nodes has half a million, which take a second to list. */
export function countPairs(plan: LabPlan): number {
  const nodes = plan.nodes.length;
  const pods = plan.nodes.reduce((sum, node) => sum + node.pods.length, 0);
  // Between two nodes as many as nodePairs makes, and to the internet one for each node.
  const between = pods * (pods - 1) + nodes * (nodes - 1) * 3 + nodes;
  return between + servicePairs(plan).length + tenantPairs(plan).length;
}

const firstPod = ({ pods }: NodePlan): PodPlan => pods[0] as PodPlan;

const reachOf = (a: NodePlan, b: NodePlan): NodeReach => {
  if (crossesLink(a, b)) return "cross-site";
  return a.subnet === b.subnet ? "same-subnet" : "cross-subnet";
};

/** Whether both ends are pods. */
export const isBetweenPods = ({ path, from, to }: Pair): boolean =>
  to.kind === "pod" && from.name !== from.node && path !== "tenant-to-pod";

/** A node as the source of its packets. */
export const asSource = ({ name, address }: NodePlan): Source => ({ name, node: name, address });

/** A pod to the other node, on two ports, and a node to the other's pod. */
function nodePairs(a: NodePlan, b: NodePlan): Pair[] {
  const [reach, first, last] = [reachOf(a, b), firstPod(a), a.pods.at(-1) as PodPlan];
  const toNode = { path: "pod-to-node", reach, to: { kind: "node", node: b } } as const;
  return [
    { ...toNode, from: first },
    { ...toNode, from: last, port: OTHER_NODE_PORT },
    { path: "node-to-pod", reach, from: asSource(a), to: { kind: "pod", pod: firstPod(b), node: b } },
  ];
}

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
 * To each Service from every node but that of its endpoint: from a pod to the ClusterIP, and from a client to the NodePort
 * of that node (`Cluster`). From one client to the NodePort of the endpoint's own node (`Local`): other nodes drop that.
 *
 * The client is another node. A client in the nodes' own network exists on every cloud, while from outside NodePorts are
 * open to the operator alone, and on OpenStack only the control plane has a floating IP.
 */
function servicePairs({ nodes, services }: LabPlan): Pair[] {
  return services.flatMap((service): Pair[] => {
    const end = nodes.find(({ name }) => name === service.node);
    const others = nodes.filter((node) => node !== end);
    if (!end) return [];
    const behind = { service, pod: firstPod(end), node: end };
    const clients = nearest(others, end).map((client): Pair => {
      const to: Endpoint = { kind: "nodeport", policy: "Local", entry: end, ...behind };
      const reach = crossesLink(client, end) ? ({ reach: "cross-site" } as const) : {};
      return { path: "client-to-nodeport", ...reach, policy: "Local", from: asSource(client), to };
    });
    const entries = others.flatMap((entry): Pair[] => {
      const [client = end] = nearest([...others.filter((node) => node !== entry), end], entry);
      const to: Endpoint = { kind: "nodeport", policy: "Cluster", entry, ...behind };
      const reach = reachOf(entry, end);
      return [
        { path: "pod-to-service", reach, from: firstPod(entry), to: { kind: "service", ...behind } },
        { path: "client-to-nodeport", reach, policy: "Cluster", from: asSource(client), to },
      ];
    });
    return [...entries, ...clients];
  });
}

/** Between each node's first pod and each instance, both ways. */
function tenantPairs(plan: LabPlan): Pair[] {
  return instanceEnds(plan).flatMap((to) =>
    plan.nodes.flatMap((node): Pair[] => {
      const near = node.name === to.node.name ? "same-node" : reachOf(node, to.node);
      const reach = tenantPortOf(plan, node) ? near : "without port";
      const pod = firstPod(node);
      return [
        { path: "pod-to-tenant", reach, from: pod, to },
        { path: "tenant-to-pod", reach, from: instanceSource(to.instance), to: { kind: "pod", pod, node } },
      ];
    }),
  );
}

/** The first node that is in the same site as another, so that the way to it tells nothing of the link; else the first. */
function nearest(nodes: readonly NodePlan[], entry: NodePlan): NodePlan[] {
  const near = nodes.find((node) => !crossesLink(node, entry)) ?? nodes[0];
  return near ? [near] : [];
}

/**
 * One pair for each row that the topology has, in the order of {@link PATHS}. A lab of a hundred nodes has forty thousand
 * pairs, so these are found without listing them all.
 */
export function examplesOf(plan: LabPlan): Pair[] {
  const { nodes } = plan;
  const [first] = nodes;
  if (!first) return [];
  const found = podPairs(firstPod(first), first, first).slice(0, 1);
  for (const reach of REACHES) {
    const a = nodes.find((one) => nodes.some((other) => isPeer(one, other, reach)));
    const b = a && nodes.find((other) => isPeer(a, other, reach));
    if (!a || !b) continue;
    found.push(...podPairs(firstPod(a), a, b).slice(0, 1), ...nodePairs(a, b));
  }
  found.push(internetPair(first), ...servicePairs(plan), ...tenantPairs(plan));
  const rows = new Map<string, Pair>();
  for (const pair of found) if (!rows.has(rowKey(pair))) rows.set(rowKey(pair), pair);
  return [...rows.values()].sort(inOrder);
}

const isPeer = (a: NodePlan, b: NodePlan, reach: Reach): boolean => a !== b && reachOf(a, b) === reach;

/** By path, then from the nearest to the farthest, then by policy. */
function inOrder(x: Pair, y: Pair): number {
  const place = ({ path, reach, policy }: Pair) =>
    PATHS.indexOf(path) * 8 + (reach ? REACHES.indexOf(reach) : 0) + (policy === "Local" ? 4 : 0);
  return place(x) - place(y);
}

/**
 * The name of a row in the verdict. Pairs with the same key have the same outcome. Without a policy a NodePort is one of
 * `Cluster`, which is Kubernetes' default.
 */
export function rowKey({
  path,
  reach,
  policy,
  part,
}: Pick<Pair, "path" | "reach" | "policy"> & { part?: string }): string {
  const which = policy === "Local" ? [policy, reach].filter(Boolean).join(", ") : reach;
  const whole = which ? `${path} (${which})` : path;
  if (!part) return whole;
  return part === "others" ? `${whole}, ${part}` : `${whole} ${part}`;
}
