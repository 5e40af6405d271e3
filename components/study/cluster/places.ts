/** Where the study can run commands in a cluster: its pods, and the nodes. */
import { type LabPlan, podNames } from "../../plan";
import type { Container, KubernetesObject } from "./api";
import { APPS, CONTAINER, NAMESPACE, podsIn, REVISION } from "./manifest";

/** A place by its name in the plan: a study pod, or a node. */
export interface Place extends Container {
  name: string;
  /** The pod's address. */
  address: string;
}

/** A pod of the cluster, as far as it is read here. */
export interface Pod extends KubernetesObject {
  spec: { nodeName?: string };
  status?: {
    phase?: string;
    podIP?: string;
    conditions?: { type: string; status: string; message?: string }[];
    containerStatuses?: { state?: { waiting?: { reason?: string; message?: string } } }[];
  };
}

/** A node of the cluster, as far as it is read here. */
export interface Node extends KubernetesObject {
  status?: { conditions?: { type: string; status: string; message?: string }[] };
}

/** Which places can be used, and why the others cannot, by their names in the plan. */
export interface Places {
  ready: Map<string, Place>;
  missing: Map<string, string>;
  /** Whether it is useless to wait for the missing ones. */
  final: boolean;
}

/** Reasons for which a container does not start by itself any more, as the kubelet names them. */
const STUCK =
  /^(ErrImage|ImagePullBackOff|InvalidImageName|CreateContainer|RunContainerError|CrashLoopBackOff)/;

/** Sorts out the pods of the study. Pure. @param revision of the pods that count: older ones are about to be replaced. */
export function placesOf(
  plan: Pick<LabPlan, "nodes">,
  { pods, nodes, revision }: { pods: readonly Pod[]; nodes: readonly Node[]; revision: string },
): Places {
  const ready = new Map<string, Place>();
  const missing = new Map<string, string>();
  let final = true;
  for (const { name, node, app } of wanted(plan)) {
    const pod = pods.find((one) => isOf(one, app, node) && one.metadata.annotations?.[REVISION] === revision);
    const address = pod?.status?.podIP;
    if (pod && address && conditionOf(pod, "Ready")?.status === "True") {
      ready.set(name, { name, namespace: NAMESPACE, pod: pod.metadata.name, container: CONTAINER, address });
      continue;
    }
    const { why, hopeless } = whyMissing(node, pod, nodes);
    missing.set(name, why);
    final &&= hopeless;
  }
  return { ready, missing, final };
}

/** Every place that the plan has, with its node and the label of its pod. */
function wanted(plan: Pick<LabPlan, "nodes">): { name: string; node: string; app: string }[] {
  const there = podsIn(plan);
  return plan.nodes.flatMap(({ name: node }) => [
    ...podNames(node)
      .map((name, i) => ({ name, node, app: i === 0 ? APPS.first : APPS.second }))
      .filter(({ name }) => there.includes(name)),
    { name: node, node, app: APPS.node },
  ]);
}

const isOf = ({ metadata, spec }: Pod, app: string, node: string): boolean =>
  metadata.labels?.app === app && spec.nodeName === node && !metadata.deletionTimestamp;

/** A condition of a pod or node. */
export const conditionOf = ({ status }: Pick<Pod | Node, "status">, type: string) =>
  status?.conditions?.find((one) => one.type === type);

function whyMissing(
  node: string,
  pod: Pod | undefined,
  nodes: readonly Node[],
): { why: string; hopeless: boolean } {
  const found = nodes.find(({ metadata }) => metadata.name === node);
  if (!found) return { why: `the cluster has no node ${node}`, hopeless: true };
  const condition = conditionOf(found, "Ready");
  if (condition?.status !== "True")
    return {
      why: `the node ${node} is not ready: ${condition?.message ?? "it does not say why"}`,
      hopeless: true,
    };
  const waiting = pod?.status?.containerStatuses?.[0]?.state?.waiting;
  const { reason = pod ? (pod.status?.phase ?? "Pending") : "not created yet", message } = waiting ?? {};
  const why = `the study's pod on ${node} did not start: ${reason}${message ? `: ${message}` : ""}`;
  return { why, hopeless: STUCK.test(reason) };
}
