/** kubeadm's config files, as data of the plan. API version v1beta4 (kubeadm reference, kubeadm-config.v1beta4). */
import { stringify } from "yaml";
import type { LabPlan, NodePlan } from "../plan";

const CRI_SOCKET = "unix:///run/containerd/containerd.sock";

/** kubeadm makes a token at init, and takes no for no answer; this long it lives. Joins bring tokens of their own. */
const FIRST_TOKEN_TTL = "1m0s";

export function controlPlaneOf(nodes: readonly NodePlan[]): NodePlan {
  const leader = nodes.find(({ role }) => role === "control-plane");
  if (!leader) throw new Error("the plan has no control plane");
  return leader;
}

/** Where nodes find the API: on their own network, whatever the outside calls it. */
export const apiEndpoint = (leader: NodePlan): string => `${leader.address}:6443`;

/**
 * What cannot change on a living cluster. Another text is another cluster, made anew on the same machines. Not the version:
 * a machine keeps the Kubernetes that it has.
 */
export function clusterIdentity(plan: LabPlan): string {
  const { name, address } = controlPlaneOf(plan.nodes);
  const { cidr, blockSize } = plan.ipPool;
  // Pools of nodes' own and one for all cannot follow each other: pods keep their addresses, and routers know the old ones.
  const blocks = plan.podRoutes.length > 0 ? `/${blockSize}, a pool per node` : `/${blockSize}`;
  return `${name} ${address}, kube-proxy ${plan.proxyMode}, pods ${cidr} by ${blocks}, Services ${plan.serviceCidr}`;
}

/** @param names further host names and addresses under which the API is reached from outside. */
export function initConfig(plan: LabPlan, names: readonly string[]): string {
  const leader = controlPlaneOf(plan.nodes);
  const documents = [
    {
      apiVersion: "kubeadm.k8s.io/v1beta4",
      kind: "InitConfiguration",
      localAPIEndpoint: { advertiseAddress: leader.address, bindPort: 6443 },
      nodeRegistration: registration(leader),
      bootstrapTokens: [{ ttl: FIRST_TOKEN_TTL }],
    },
    {
      apiVersion: "kubeadm.k8s.io/v1beta4",
      kind: "ClusterConfiguration",
      kubernetesVersion: `v${plan.versions.kubernetes}`,
      clusterName: "encaplab",
      controlPlaneEndpoint: apiEndpoint(leader),
      networking: { podSubnet: plan.ipPool.cidr, serviceSubnet: plan.serviceCidr },
      apiServer: { certSANs: [...new Set([leader.address, leader.name, ...names])] },
      controllerManager: {
        extraArgs: [{ name: "node-cidr-mask-size", value: String(nodeMask(plan)) }],
      },
    },
    {
      apiVersion: "kubelet.config.k8s.io/v1beta1",
      kind: "KubeletConfiguration",
      cgroupDriver: "systemd",
      // Node containers share the machine's swap and cgroups, and old machines have cgroup v1: no reason to have no lab.
      failSwapOn: false,
      failCgroupV1: false,
      // A machine whose disk is nearly full shall not lose its pods, which are all that is studied.
      evictionHard: { "imagefs.available": "0%", "nodefs.available": "0%", "nodefs.inodesFree": "0%" },
      imageGCHighThresholdPercent: 100,
    },
    {
      apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
      kind: "KubeProxyConfiguration",
      mode: plan.proxyMode,
      // The kernel's limits stay as they are: in a node container they are not the node's to set.
      conntrack: { maxPerCore: 0, min: 0 },
    },
  ];
  return documents.map((document) => stringify(document)).join("---\n");
}

export interface Admission {
  token: string;
  /** `sha256:…` of the CA's public key: the worker trusts no other API server. */
  caHash: string;
}

export function joinConfig(plan: LabPlan, node: NodePlan, { token, caHash }: Admission): string {
  return stringify({
    apiVersion: "kubeadm.k8s.io/v1beta4",
    kind: "JoinConfiguration",
    discovery: {
      bootstrapToken: {
        token,
        apiServerEndpoint: apiEndpoint(controlPlaneOf(plan.nodes)),
        caCertHashes: [caHash],
      },
    },
    nodeRegistration: registration(node),
  });
}

/** The node's address is the plan's, whichever of its interfaces has the default route. */
const registration = ({ name, address }: NodePlan) => ({
  name,
  criSocket: CRI_SOCKET,
  kubeletExtraArgs: [{ name: "node-ip", value: address }],
});

/**
 * The size of what the controller manager hands to each node. Calico's IPAM does not use it, but kubeadm refuses a pod CIDR
 * that is smaller than its default of /24, and more than 16 bits between the two.
 */
function nodeMask({ ipPool }: LabPlan): number {
  const prefix = Number(ipPool.cidr.split("/")[1]);
  return Math.min(ipPool.blockSize, prefix + 16);
}
