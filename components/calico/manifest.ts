/** Calico's own manifest, brought to the plan. Everything that the plan has no opinion on stays as Calico wrote it. */
import { type Document, isMap, parseDocument, type YAMLMap } from "yaml";
import type { LabPlan } from "../plan";
import { MINOR_WITH_ROUTING_CHOICE, minorOf } from "../plan";

/** What a manifest lacks, so that it cannot be Calico's. */
export class NotCalico extends Error {}

/** What the plan wants of Calico beyond its own defaults. */
interface Wishes {
  /** `calico_backend` of the ConfigMap: who exchanges routes. */
  backend: "bird" | "vxlan";
  /** Bytes on the pods' interfaces; 0 lets Felix find out from the node's link. */
  podMtu: number;
  /** Environment of the container calico-node; undefined takes a variable out. */
  environment: Record<string, string | undefined>;
}

/** Felix finds the MTU of the link by itself, and the pods' from it; only what is set on purpose is written. */
function wishesOf(plan: LabPlan, mtuGiven: boolean): Wishes {
  const explicit = mtuGiven || plan.faults.includes("mtu-too-big");
  const tunnel = explicit ? String(plan.mtu.tunnel) : "0";
  return {
    backend: plan.bgp.enabled ? "bird" : "vxlan",
    podMtu: explicit ? plan.mtu.pod : 0,
    environment: {
      // The pools are ours: an own one of Calico's would say another mode.
      NO_DEFAULT_POOLS: "true",
      CALICO_IPV4POOL_CIDR: undefined,
      CALICO_IPV4POOL_IPIP: undefined,
      CALICO_IPV4POOL_VXLAN: undefined,
      CALICO_IPV6POOL_VXLAN: undefined,
      CLUSTER_TYPE: plan.bgp.enabled ? "k8s,bgp" : "k8s",
      ...nodeAddress(plan),
      FELIX_IPINIPMTU: tunnel,
      FELIX_VXLANMTU: tunnel,
      // Who programs IPIP's routes decides whether closed BGP breaks it: said, not left to a version's default.
      ...(hasRoutingChoice(plan) && { FELIX_PROGRAMCLUSTERROUTES: "Disabled" }),
    },
  };
}

/** Whether this Calico can be told who programs the routes of IPIP and None (BGPConfiguration.programClusterRoutes). */
export const hasRoutingChoice = ({ versions }: LabPlan): boolean =>
  Number(minorOf(versions.calico).split(".")[1]) >= MINOR_WITH_ROUTING_CHOICE;

/**
 * How a node finds the address it records. By the lab's subnets: other ways (`kubernetes-internal-ip`, the first interface)
 * record a /32 or take the wrong interface, and CrossSubnet then tunnels everything (calico#4254). For the fault that does
 * just that, Calico is told nothing and keeps what the Node object already says.
 */
function nodeAddress({ faults, subnets }: LabPlan): Wishes["environment"] {
  if (faults.includes("node-as-32")) return { IP: undefined, IP_AUTODETECTION_METHOD: undefined };
  const cidrs = subnets.map(({ cidr }) => cidr).join(",");
  return { IP: "autodetect", IP_AUTODETECTION_METHOD: `cidr=${cidrs}` };
}

/**
 * @param text Calico's `calico.yaml` (or `calico-typha.yaml`), of a version that the plan names.
 * @param mtuGiven whether the config says the link's MTU.
 * @throws {NotCalico} when the ConfigMap or the DaemonSet that must be changed is not in it.
 */
export function editManifest(text: string, plan: LabPlan, mtuGiven: boolean): string {
  const wishes = wishesOf(plan, mtuGiven);
  const left = new Set(["ConfigMap calico-config", "DaemonSet calico-node"]);
  const documents = text.split(/^---\s*$/m).map((document) => {
    // Ten thousand lines of definitions need not be parsed to change two objects.
    if (!/^kind: (ConfigMap|DaemonSet)\s*$/m.test(document)) return document;
    const parsed = parseDocument(document);
    const name = `${parsed.get("kind")} ${parsed.getIn(["metadata", "name"])}`;
    if (!left.delete(name)) return document;
    if (name.startsWith("ConfigMap")) editConfigMap(parsed, wishes);
    else editDaemonSet(parsed, wishes);
    return `\n${parsed.toString({ lineWidth: 0 })}`;
  });
  if (left.size > 0) throw new NotCalico(`it has no ${[...left].join(" and no ")}`);
  return documents.join("---");
}

function editConfigMap(map: Document, { backend, podMtu }: Wishes): void {
  map.setIn(["data", "calico_backend"], backend);
  map.setIn(["data", "veth_mtu"], String(podMtu));
}

const POD = ["spec", "template", "spec"];

function editDaemonSet(set: Document, { environment, backend, podMtu }: Wishes): void {
  const containers = items(set, [...POD, "containers"]);
  const node = containers.find((container) => container.get("name") === "calico-node");
  if (!node) throw new NotCalico("its DaemonSet calico-node has no container calico-node");
  const variables = items(node, ["env"]).filter((variable) => !(String(variable.get("name")) in environment));
  const wanted = Object.entries(environment).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name, value }],
  );
  node.set("env", set.createNode([...variables.map((variable) => variable.toJSON()), ...wanted]));
  if (backend !== "bird") {
    // A BIRD that does not run is neither live nor ready, and the kubelet would restart the node for it.
    for (const probe of ["livenessProbe", "readinessProbe"]) {
      const path = [probe, "exec", "command"];
      const command = (node.getIn(path) as { toJSON(): string[] } | undefined)?.toJSON() ?? [];
      node.setIn(path, set.createNode(command.filter((word) => !word.startsWith("-bird-"))));
    }
  }
  // A changed ConfigMap restarts no pod by itself.
  set.setIn(["spec", "template", "metadata", "annotations", "encaplab/config"], `${backend} ${podMtu}`);
}

function items(node: Pick<Document, "getIn">, path: readonly string[]): YAMLMap[] {
  const list = node.getIn(path) as { items?: unknown[] } | undefined;
  return (list?.items ?? []).filter((item) => isMap(item));
}
