/** Reads the objects of a cluster that say something about its network. Reads only, and names the rights that it needs. */
import { ClusterApi, ClusterError } from "./api";

/** A kind that is read. */
interface Wanted {
  apiVersion: string;
  kind: string;
  /** As a role names it. */
  resource: string;
  /** Only these objects, each as `namespace/name`. Default: all. */
  only?: readonly string[];
}

const CALICO = "crd.projectcalico.org/v1";

/** Everything that is read. Calico's own API server is not needed: its objects are read where it keeps them. */
const WANTED: readonly Wanted[] = [
  { apiVersion: "v1", kind: "Node", resource: "nodes" },
  { apiVersion: CALICO, kind: "IPPool", resource: "ippools" },
  { apiVersion: CALICO, kind: "FelixConfiguration", resource: "felixconfigurations" },
  { apiVersion: CALICO, kind: "BGPConfiguration", resource: "bgpconfigurations" },
  { apiVersion: CALICO, kind: "BGPPeer", resource: "bgppeers" },
  { apiVersion: CALICO, kind: "BlockAffinity", resource: "blockaffinities" },
  { apiVersion: CALICO, kind: "ClusterInformation", resource: "clusterinformations" },
  { apiVersion: CALICO, kind: "GlobalNetworkPolicy", resource: "globalnetworkpolicies" },
  { apiVersion: CALICO, kind: "NetworkPolicy", resource: "networkpolicies" },
  { apiVersion: CALICO, kind: "HostEndpoint", resource: "hostendpoints" },
  { apiVersion: "operator.tigera.io/v1", kind: "Installation", resource: "installations" },
  { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", resource: "networkpolicies" },
  {
    apiVersion: "v1",
    kind: "ConfigMap",
    resource: "configmaps",
    only: ["kube-system/kube-proxy", "kube-system/kubeadm-config", "kube-system/calico-config"],
  },
  {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    resource: "daemonsets",
    only: ["kube-system/calico-node", "calico-system/calico-node"],
  },
  { apiVersion: "v1", kind: "Endpoints", resource: "endpoints", only: ["kube-system/kube-dns"] },
];

/** What a cluster answered. */
export interface ClusterObjects {
  /** As the API returns them. */
  objects: object[];
  /** What could not be read, and why: `IPPool: forbidden`. */
  refused: string[];
}

/**
 * Reads the objects. What the user may not read is told, and the rest is read all the same.
 * @throws {ClusterError} when the kubeconfig cannot be used, or the API does not answer.
 */
export async function readObjects(kubeconfig: string): Promise<ClusterObjects> {
  const api = await ClusterApi.connect(kubeconfig);
  const refused: string[] = [];
  const found = await Promise.all(
    WANTED.map(async (wanted) => {
      try {
        return await read(api, wanted);
      } catch (error) {
        const { code, message = "" } = error as { code?: number; message?: string };
        if (code === 401)
          throw new ClusterError("The cluster does not know the user of the kubeconfig (401 Unauthorized).");
        refused.push(
          `${wanted.kind} (${wanted.apiVersion}): ${code === 403 ? "the user has no right to read it" : message.split("\n")[0]}`,
        );
        return [];
      }
    }),
  );
  if (refused.length === WANTED.length)
    throw new ClusterError(`Nothing of the cluster can be read: ${refused[0]}.`);
  return { objects: found.flat(), refused };
}

async function read(api: ClusterApi, { apiVersion, kind, only }: Wanted): Promise<object[]> {
  const found = only
    ? await Promise.all(
        only.map((one) => {
          const [namespace, name = ""] = one.split("/");
          return api.get(apiVersion, kind, name, namespace);
        }),
      )
    : await api.list(apiVersion, kind);
  // The API leaves these two out of the items of a list.
  return found.flatMap((one) => (one ? [{ ...one, apiVersion, kind }] : []));
}

/** The ClusterRole that is enough, as YAML: nothing but reading. */
export function rightsNeeded(name = "encaplab-import"): string {
  const group = ({ apiVersion }: Wanted) =>
    apiVersion.includes("/") ? (apiVersion.split("/")[0] as string) : "";
  const groups = [...new Set(WANTED.map(group))];
  const rules = groups.flatMap((one) => {
    const own = WANTED.filter((wanted) => group(wanted) === one);
    const listed = own.filter(({ only }) => !only).map(({ resource }) => resource);
    const byName = own.filter(({ only }) => only);
    return [
      ...(listed.length > 0 ? [rule(one, listed, ["list"])] : []),
      ...byName.map(({ resource, only = [] }) =>
        rule(one, [resource], ["get"], [...new Set(only.map((path) => path.split("/")[1] as string))]),
      ),
    ];
  });
  return `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: ${name}
rules:
${rules.join("\n")}
`;
}

const rule = (
  group: string,
  resources: readonly string[],
  verbs: readonly string[],
  names?: readonly string[],
): string =>
  [
    `  - apiGroups: ["${group}"]`,
    `    resources: [${resources.join(", ")}]`,
    ...(names ? [`    resourceNames: [${names.join(", ")}]`] : []),
    `    verbs: [${verbs.join(", ")}]`,
  ].join("\n");
