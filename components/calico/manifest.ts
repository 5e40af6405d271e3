/** Edits Calico's own manifest to match the plan. Everything that the plan does not decide stays as Calico wrote it. */
import { type Document, isMap, parseDocument, type YAMLMap } from "yaml";
import { faultOf } from "../config";
import type { LabPlan, TunnelKind } from "../plan";
import { calicoMinor, MINOR_WITH_NFTABLES, MINOR_WITH_ROUTING_CHOICE, tunnelMtu } from "../plan";

/** The manifest cannot be used. The message says what is wrong with it, without naming the file. */
export class NotCalico extends Error {}

/** What the plan sets in Calico, beyond Calico's own defaults. */
interface Wishes {
  /** `calico_backend` of the ConfigMap: whether calico-node runs BIRD. */
  backend: "bird" | "vxlan";
  /** Bytes on the pods' interfaces. With 0 Felix derives them from the node's link. */
  podMtu: number;
  /** Environment of the container calico-node. Undefined removes a variable. */
  environment: Record<string, string | undefined>;
}

/**
 * Nothing here may depend on the encapsulation, so that a switch changes the IPPool alone and restarts no calico-node. The
 * one exception is an MTU that the user set: the tunnel's overhead differs.
 */
function wishesOf(plan: LabPlan, mtuGiven: boolean): Wishes {
  const explicit = mtuGiven || plan.faults.includes("mtu-too-big");
  const tunnel = (kind: TunnelKind) => (explicit ? String(tunnelMtu(plan, kind)) : "0");
  return {
    backend: plan.bgp.enabled ? "bird" : "vxlan",
    podMtu: explicit ? plan.mtu.pod : 0,
    environment: {
      // Calico must not create a pool: the lab declares its own, and a second one would have another mode.
      NO_DEFAULT_POOLS: "true",
      CALICO_IPV4POOL_CIDR: undefined,
      CALICO_IPV4POOL_IPIP: undefined,
      CALICO_IPV4POOL_VXLAN: undefined,
      CALICO_IPV6POOL_VXLAN: undefined,
      CLUSTER_TYPE: plan.bgp.enabled ? "k8s,bgp" : "k8s",
      ...nodeAddress(plan),
      FELIX_IPINIPMTU: tunnel("ipip"),
      FELIX_VXLANMTU: tunnel("vxlan"),
      // Choose BIRD explicitly: whether closed BGP breaks IPIP depends on it, and the default differs between versions.
      ...(hasRoutingChoice(plan) && { FELIX_PROGRAMCLUSTERROUTES: "Disabled" }),
      ...(needsNftables(plan) && { FELIX_NFTABLESMODE: "Enabled" }),
    },
  };
}

/** Whether this Calico lets you choose who programs the routes of IPIP and None (`programClusterRoutes`). */
export const hasRoutingChoice = (plan: LabPlan): boolean => calicoMinor(plan) >= MINOR_WITH_ROUTING_CHOICE;

/**
 * Minors of Calico 3 that can program nftables but do not by default. Under a kube-proxy in nftables mode Felix must use
 * nftables as well (docs: getting-started/kubernetes/nftables). Source: `NFTablesMode` in felix/config/config_params.go. It
 * is absent from v3.28.5, it is `oneof(Enabled,Disabled);Disabled` from v3.29.0 to v3.31.7, and it is
 * `oneof(Enabled,Disabled,Auto);Auto` from v3.32.0 on, where `Auto` follows kube-proxy.
 */
const NFTABLES_OFF_BY_DEFAULT = [MINOR_WITH_NFTABLES, 30, 31];

const needsNftables = (plan: LabPlan): boolean =>
  plan.proxyMode === "nftables" && NFTABLES_OFF_BY_DEFAULT.includes(calicoMinor(plan));

/**
 * How a node finds the address that it records: it is the Node's InternalIP, which the kubelet takes from `node-ip`, so
 * from the plan. Calico adds the prefix length of the interface that has the address (GetLocalCIDR in
 * node/pkg/lifecycle/startup/autodetection/autodetection_methods.go, the same from v3.24.5 to v3.32.1). Other methods
 * guess: `cidr=` takes the first address in any of the lab's subnets, also where the node has two (calico#1480, #8783),
 * and the first interface may be docker0 (calico#1628). The fault node-as-32 wants a wrong address: Calico gets no method
 * and keeps the address that the Node object already has.
 */
function nodeAddress({ faults }: LabPlan): Wishes["environment"] {
  if (faults.some((one) => faultOf(one) === "node-as-32"))
    return { IP: undefined, IP_AUTODETECTION_METHOD: undefined };
  return { IP: "autodetect", IP_AUTODETECTION_METHOD: "kubernetes-internal-ip" };
}

/**
 * Edits Calico's manifest to match the plan: backend, MTU, environment, probes and rollout of calico-node. Editing the
 * result again changes nothing.
 *
 * @param text `calico.yaml` or `calico-typha.yaml` of the Calico that the plan names.
 * @param mtuGiven whether the config sets `mtu`. If not, Felix finds the MTU by itself.
 * @returns the manifest as YAML.
 * @throws {NotCalico} when the manifest lacks the ConfigMap, the DaemonSet or the kind of IPPool that the lab needs.
 */
export function editManifest(text: string, plan: LabPlan, mtuGiven: boolean): string {
  const wishes = wishesOf(plan, mtuGiven);
  const left = new Set(["ConfigMap calico-config", "DaemonSet calico-node"]);
  const documents = text.split(/^---\s*$/m).map((document) => {
    // Do not parse the definitions: they are ten thousand lines, and only two objects change.
    if (!/^kind: (ConfigMap|DaemonSet)\s*$/m.test(document)) return document;
    const parsed = parseDocument(document);
    const name = `${parsed.get("kind")} ${parsed.getIn(["metadata", "name"])}`;
    if (!left.delete(name)) return document;
    if (name.startsWith("ConfigMap")) editConfigMap(parsed, wishes);
    else editDaemonSet(parsed, wishes);
    return `\n${parsed.toString({ lineWidth: 0 })}`;
  });
  if (left.size > 0) throw new NotCalico(`it has no ${[...left].join(" and no ")}`);
  checkPools(text);
  return documents.join("---");
}

/**
 * The lab declares its pools as `crd.projectcalico.org/v1`. A manifest without that kind installs, and fails only when the
 * pools are declared, after kubeadm has made the cluster. Since Calico 3.32 there is such a manifest: `calico-v3-crds.yaml`
 * defines IPPools of the API group `projectcalico.org` instead. `calico-etcd.yaml` of any version defines none.
 */
function checkPools(text: string): void {
  const defines = (definition: string) =>
    new RegExp(`^\\s+name: ["']?${definition.replaceAll(".", "\\.")}["']?\\s*$`, "m").test(text);
  if (defines("ippools.crd.projectcalico.org")) return;
  throw new NotCalico(
    defines("ippools.projectcalico.org")
      ? "its IPPools belong to the API group projectcalico.org, and the lab needs those of crd.projectcalico.org"
      : "it does not define the IPPools of the API group crd.projectcalico.org, which the lab needs",
  );
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
    // Probe only Felix: a BIRD that does not run is neither live nor ready, so the kubelet would restart the container.
    // The options have two dashes from Calico 3.33 on, and one before.
    for (const probe of ["livenessProbe", "readinessProbe"]) {
      const path = [probe, "exec", "command"];
      const command = (node.getIn(path) as { toJSON(): string[] } | undefined)?.toJSON() ?? [];
      node.setIn(path, set.createNode(command.filter((argument) => !/^--?bird6?-/.test(argument))));
    }
  }
  // Replace all pods at once. Calico's own 1 deadlocks when BIRD is switched on: the first new pod is not ready until BGP is
  // established, at first with all peers and after 30 s with one (checkBIRDReady in node/pkg/health/health.go), and the
  // peers are still old pods without BIRD, which are not replaced before the new one is ready.
  set.setIn(["spec", "updateStrategy", "rollingUpdate", "maxUnavailable"], "100%");
  // A changed ConfigMap restarts no pod, so change the pods' template with it.
  set.setIn(["spec", "template", "metadata", "annotations", "encaplab/config"], `${backend} ${podMtu}`);
}

function items(node: Pick<Document, "getIn">, path: readonly string[]): YAMLMap[] {
  const list = node.getIn(path) as { items?: unknown[] } | undefined;
  return (list?.items ?? []).filter((item) => isMap(item));
}
