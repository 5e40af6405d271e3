/** Finds the ends of a path by the names and addresses that people type. */
import { addressOf, type Endpoint, nameOf } from "./endpoint";
import type { LabPlan } from "./lab";
import { asSource, type Source } from "./path";
import type { ServicePlan, TrafficPolicy } from "./service";
import { instanceEnds, instanceSource } from "./tenant";
import type { NodePlan } from "./topology";

/** A Service with its one endpoint. */
function behind(plan: LabPlan, service: ServicePlan) {
  const node = plan.nodes.find(({ name }) => name === service.node) as NodePlan;
  return { service, pod: node.pods[0] as NodePlan["pods"][number], node };
}

/** The endpoints that have a name and an address of their own: pods, nodes, Services, instances, and the internet host. */
const namedEnds = (plan: LabPlan): Endpoint[] => [
  ...plan.nodes.flatMap((node): Endpoint[] => [
    { kind: "node", node },
    ...node.pods.map((pod) => ({ kind: "pod", pod, node }) as const),
  ]),
  ...plan.services.map((service) => ({ kind: "service", ...behind(plan, service) }) as const),
  ...instanceEnds(plan),
  { kind: "internet" },
];

/** The names by which {@link findEndpoint} finds something, without NodePorts. */
export const endpointNames = (plan: LabPlan): string[] => namedEnds(plan).map(nameOf);

/** Every node has every NodePort, e.g. `w1:30000`. */
export const nodePortsOf = ({ services }: LabPlan): number[] =>
  services.flatMap(({ nodePorts }) => Object.values(nodePorts));

/**
 * The endpoint of a name or an address: `w1-1`, `w1`, `service-a`, `w1:30000` (a NodePort), `internet`, `10.0.3.11`.
 * Upper and lower case are the same.
 * @returns undefined where there is none.
 */
export function findEndpoint(plan: LabPlan, text: string): Endpoint | undefined {
  const wanted = text.toLowerCase();
  const [, host, port] = /^(.+):(\d+)$/.exec(wanted) ?? [];
  if (host !== undefined) return nodePort(plan, host, Number(port));
  return namedEnds(plan).find((end) => nameOf(end).toLowerCase() === wanted || addressOf(end) === wanted);
}

function nodePort(plan: LabPlan, host: string, port: number): Endpoint | undefined {
  const entry = plan.nodes.find(({ name, address }) => name.toLowerCase() === host || address === host);
  if (!entry) return undefined;
  for (const service of plan.services)
    for (const [policy, number] of Object.entries(service.nodePorts))
      if (number === port)
        return { kind: "nodeport", policy: policy as TrafficPolicy, entry, ...behind(plan, service) };
  return undefined;
}

/** The source that an endpoint can be: a pod, a node or an instance sends, and nothing else does. */
export function sourceAt(end: Endpoint): Source | undefined {
  if (end.kind === "pod") return end.pod;
  if (end.kind === "instance") return instanceSource(end.instance);
  return end.kind === "node" ? asSource(end.node) : undefined;
}
