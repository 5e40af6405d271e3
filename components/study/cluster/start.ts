/** Starts the study in a cluster, and removes it. */
import { setTimeout as delay } from "node:timers/promises";
import {
  type LabPlan,
  type NodePlan,
  podNames,
  type TrafficPolicy,
  type TunnelEnd,
  type TunnelKind,
  workloadInterface,
} from "../../plan";
import { ClusterApi, ClusterError, type KubernetesObject } from "./api";
import { Field } from "./field";
import {
  endpointOf,
  LABELS,
  NAMESPACE,
  revisionOf,
  STUDY_NAMESPACE,
  serviceName,
  studyObjects,
} from "./manifest";
import { type Node, type Places, type Pod, placesOf } from "./places";
import { endAnyWatch, isWatched } from "./watch-end";

/** The study as it is in a cluster. */
export interface Study {
  places: Places;
  nodes: Node[];
  /** The plan with the addresses that the cluster has given. What is predicted is predicted by the plan itself. */
  real: LabPlan;
}

/** Seconds for the pods to start, which may have to pull their image, and how long one that is stuck may still recover. */
const START = 180;
const STUCK = 20;

interface Service extends KubernetesObject {
  spec: { clusterIP?: string; ports?: { name: string; nodePort?: number }[] };
}

/**
 * Starts what is not there yet, and waits until it runs on every node that is ready. Pods from an earlier observation stay.
 * @param say tells the user what is waited for.
 * @throws {ClusterError} when no pod starts.
 */
export async function startStudy(
  api: ClusterApi,
  plan: LabPlan,
  image: string,
  say: (sentence: string) => void,
): Promise<Study> {
  const [first, ...others] = studyObjects(plan, image);
  await whenFree(api, say);
  if (first) await api.apply(first);
  const applied = await Promise.all(others.map((object) => api.apply(object)));
  const services = applied.filter(({ kind }) => kind === "Service") as Service[];
  const { places, nodes } = await awaitPods(api, plan, revisionOf(plan, image), say);
  if (![...places.ready.keys()].some((name) => podNamesOf(plan).has(name)))
    throw new ClusterError(
      `No pod of the study runs: ${[...new Set(places.missing.values())].slice(0, 3).join("; ")}.`,
    );
  const real = withAddresses(plan, places, nodes, services);
  await Promise.all(
    plan.services.flatMap(({ name, node }) => {
      const address = places.ready.get(podNames(node)[0] ?? "")?.address;
      if (!address) return [];
      return (["Cluster", "Local"] as const).map((policy) =>
        api.apply(endpointOf(serviceName(name, policy), node, address)),
      );
    }),
  );
  return { places, nodes, real };
}

/** A study that has started, with what runs commands in it. */
export interface OpenStudy {
  api: ClusterApi;
  study: Study;
  field: Field;
}

/** Connects with a cluster, and starts the study in it. @throws {ClusterError} as {@link startStudy}. */
export async function openStudy(
  {
    kubeconfig,
    image,
    say = () => {},
  }: { kubeconfig: string; image: string; say?: (sentence: string) => void },
  plan: LabPlan,
): Promise<OpenStudy> {
  const api = await ClusterApi.connect(kubeconfig);
  const study = await startStudy(api, plan, image, say);
  return { api, study, field: new Field(api, study.places) };
}

/** Removes everything that the study has in the cluster. @returns whether there was anything. */
export const removeStudy = (api: ClusterApi): Promise<boolean> => api.remove(STUDY_NAMESPACE);

/** The study's namespace; undefined if there is none. */
async function namespaceOf(api: ClusterApi): Promise<KubernetesObject | undefined> {
  const labels = Object.entries(LABELS).map(([key, value]) => `${key}=${value}`);
  const found = await api.list<KubernetesObject>("v1", "Namespace", { labels: labels.join() });
  return found.find(({ metadata }) => metadata.name === NAMESPACE);
}

/** Whether a cluster has the study's pods, from an earlier observation. */
export async function isStudied(api: ClusterApi): Promise<boolean> {
  const namespace = await namespaceOf(api);
  return namespace !== undefined && !namespace.metadata.deletionTimestamp;
}

/** A namespace that is being deleted takes no new objects. A watch in one that stays must end before anything changes. */
async function whenFree(api: ClusterApi, say: (sentence: string) => void): Promise<void> {
  for (let tries = 0; ; tries++) {
    const found = await namespaceOf(api);
    if (!found?.metadata.deletionTimestamp) {
      if (found && isWatched(found)) await endAnyWatch(api);
      return;
    }
    if (tries === 0) say("The study's pods of before are being removed; waiting for that.");
    if (tries > 120)
      throw new ClusterError(`The namespace ${NAMESPACE} is being deleted, and does not go away.`);
    await delay(500);
  }
}

async function awaitPods(
  api: ClusterApi,
  plan: LabPlan,
  revision: string,
  say: (sentence: string) => void,
): Promise<{ places: Places; nodes: Node[] }> {
  const start = Date.now();
  let told = false;
  for (;;) {
    const [pods, nodes] = await Promise.all([
      api.list<Pod>("v1", "Pod", { namespace: NAMESPACE }),
      api.list<Node>("v1", "Node"),
    ]);
    const places = placesOf(plan, { pods, nodes, revision });
    const seconds = (Date.now() - start) / 1000;
    if (places.missing.size === 0 || seconds > START || (places.final && seconds > STUCK))
      return { places, nodes };
    // A node that is not ready does not become so by waiting here.
    if (
      places.final &&
      [...places.missing.values()].every((why) => / node /.test(why) && !/study's pod/.test(why))
    )
      return { places, nodes };
    if (!told && seconds > 5) {
      told = true;
      say(`Waiting for the study's pods: ${[...places.missing.values()][0]}.`);
    }
    await delay(300);
  }
}

const podNamesOf = (plan: LabPlan): Set<string> =>
  new Set(plan.nodes.flatMap(({ pods }) => pods.map(({ name }) => name)));

/** Calico's annotations for the tunnel's address, of VXLAN and of IPIP. */
const TUNNEL_ADDRESSES: Record<TunnelKind, string> = {
  vxlan: "projectcalico.org/IPv4VXLANTunnelAddr",
  ipip: "projectcalico.org/IPv4IPIPTunnelAddr",
};

/** A node's ends of tunnels with the addresses that the cluster has given. */
function realEnds(
  planned: NonNullable<NodePlan["tunnels"]>,
  annotations: Readonly<Record<string, string>>,
): NonNullable<NodePlan["tunnels"]> {
  const ends = Object.entries(planned) as [TunnelKind, TunnelEnd][];
  return Object.fromEntries(
    ends.map(([kind, end]) => [
      kind,
      { ...end, address: annotations[TUNNEL_ADDRESSES[kind]] ?? end.address },
    ]),
  );
}

/** The plan with real addresses and devices. Pods that do not exist keep those of the plan, and are never used. */
function withAddresses(
  plan: LabPlan,
  { ready }: Places,
  nodes: readonly Node[],
  services: readonly Service[],
): LabPlan {
  const annotations = (name: string) =>
    nodes.find(({ metadata }) => metadata.name === name)?.metadata.annotations ?? {};
  const real = (service: string, policy: TrafficPolicy) =>
    services.find(({ metadata }) => metadata.name === serviceName(service, policy))?.spec;
  return {
    ...plan,
    nodes: plan.nodes.map((node) => ({
      ...node,
      tunnelAddress:
        Object.values(TUNNEL_ADDRESSES)
          .map((key) => annotations(node.name)[key])
          .find((address) => address) ?? node.tunnelAddress,
      ...(node.tunnels && { tunnels: realEnds(node.tunnels, annotations(node.name)) }),
      pods: node.pods.map((pod) => {
        const place = ready.get(pod.name);
        if (!place) return pod;
        return { ...pod, address: place.address, interface: workloadInterface(NAMESPACE, place.pod) };
      }),
    })),
    services: plan.services.map((service) => {
      const port = (policy: TrafficPolicy) =>
        real(service.name, policy)?.ports?.find(({ name }) => name === "tcp")?.nodePort ??
        service.nodePorts[policy];
      return {
        ...service,
        address: real(service.name, "Cluster")?.clusterIP ?? service.address,
        nodePorts: { Cluster: port("Cluster"), Local: port("Local") },
      };
    }),
  };
}
