/** kubeadm's config files, as data from the plan. API version v1beta4 (kubeadm reference, kubeadm-config.v1beta4). */
import { stringify } from "yaml";
import { API_PORT, type LabPlan, type NodePlan } from "../plan";

const CRI_SOCKET = "unix:///run/containerd/containerd.sock";

/** kubeadm init always creates a token, so give it a short life. Joins use tokens of their own. */
const FIRST_TOKEN_TTL = "1m0s";

/** Where nodes reach the API, as `host:port`: on their own network, whatever its address is from outside. */
export const apiEndpoint = (controlPlane: NodePlan): string => `${controlPlane.address}:${API_PORT}`;

/**
 * What cannot change on a running cluster. When this text changes, the cluster is rebuilt on the same machines. The
 * version is not part of it: a machine keeps the Kubernetes that it has.
 */
export function clusterIdentity(plan: LabPlan): string {
  const { name, address } = plan.controlPlane;
  const { cidr, blockSize } = plan.ipPool;
  // A running cluster cannot change between one pool and a pool per node: pods and routers keep the old addresses.
  const perNode = plan.podRoutes.length > 0 ? ", a pool per node" : "";
  const blocks = `${poolsIn(plan) ?? `/${blockSize}`}${perNode}`;
  return `${name} ${address}, kube-proxy ${plan.proxyMode}, pods ${cidr} by ${blocks}, Services ${plan.serviceCidr}`;
}

/**
 * What of several pools decides who gets which addresses. Pods and blocks stay where they are when a pool changes: also when
 * another encapsulation would give a new node's pods another pool.
 */
const poolsIn = ({ ipPools, nodes }: LabPlan): string | undefined =>
  ipPools &&
  [
    ...ipPools.map((pool) =>
      JSON.stringify([
        pool.name,
        pool.cidr,
        pool.blockSize,
        pool.nodes ?? "all",
        pool.allowedUses,
        pool.disabled,
      ]),
    ),
    ...nodes.map(({ name, pool }) => `${name}: ${pool}`),
  ].join(" ");

/** The config for `kubeadm init`. @param names further host names and addresses of the API, as seen from outside. */
export function initConfig(plan: LabPlan, names: readonly string[]): string {
  const { controlPlane } = plan;
  const documents = [
    {
      apiVersion: "kubeadm.k8s.io/v1beta4",
      kind: "InitConfiguration",
      localAPIEndpoint: { advertiseAddress: controlPlane.address, bindPort: API_PORT },
      nodeRegistration: registration(controlPlane),
      bootstrapTokens: [{ ttl: FIRST_TOKEN_TTL }],
    },
    {
      apiVersion: "kubeadm.k8s.io/v1beta4",
      kind: "ClusterConfiguration",
      kubernetesVersion: `v${plan.versions.kubernetes}`,
      clusterName: "encaplab",
      controlPlaneEndpoint: apiEndpoint(controlPlane),
      networking: { podSubnet: plan.ipPool.cidr, serviceSubnet: plan.serviceCidr },
      apiServer: { certSANs: [...new Set([controlPlane.address, controlPlane.name, ...names])] },
      controllerManager: {
        extraArgs: [{ name: "node-cidr-mask-size", value: String(nodeMask(plan)) }],
      },
    },
    {
      apiVersion: "kubelet.config.k8s.io/v1beta1",
      kind: "KubeletConfiguration",
      cgroupDriver: "systemd",
      // Start the kubelet in spite of swap or cgroup v1: node containers share the machine's, old machines have v1.
      failSwapOn: false,
      failCgroupV1: false,
      // Do not evict pods from a machine whose disk is nearly full: the pods are what we study.
      evictionHard: { "imagefs.available": "0%", "nodefs.available": "0%", "nodefs.inodesFree": "0%" },
      imageGCHighThresholdPercent: 100,
    },
    {
      apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
      kind: "KubeProxyConfiguration",
      mode: plan.proxyMode,
      // Leave the kernel's limits as they are: a node container cannot set them.
      conntrack: { maxPerCore: 0, min: 0 },
    },
  ];
  return documents.map((document) => stringify(document)).join("---\n");
}

/** What a worker needs to join. */
export interface JoinCredentials {
  token: string;
  /** `sha256:…` of the CA's public key: the worker trusts no other API server. */
  caHash: string;
}

/** The config for `kubeadm join` on a node. */
export function joinConfig(plan: LabPlan, node: NodePlan, { token, caHash }: JoinCredentials): string {
  return stringify({
    apiVersion: "kubeadm.k8s.io/v1beta4",
    kind: "JoinConfiguration",
    discovery: {
      bootstrapToken: {
        token,
        apiServerEndpoint: apiEndpoint(plan.controlPlane),
        caCertHashes: [caHash],
      },
    },
    nodeRegistration: registration(node),
  });
}

/** Set the node's address to the plan's. By default the kubelet would take that of the default route's interface. */
const registration = ({ name, address }: NodePlan) => ({
  name,
  criSocket: CRI_SOCKET,
  kubeletExtraArgs: [{ name: "node-ip", value: address }],
});

/**
 * Prefix length of the range that the controller manager assigns to each node. Calico's IPAM does not use it, but
 * kubeadm refuses a pod CIDR smaller than its default of /24, and a difference of more than 16 bits between the two.
 */
function nodeMask({ ipPool }: LabPlan): number {
  const prefix = Number(ipPool.cidr.split("/")[1]);
  return Math.min(ipPool.blockSize, prefix + 16);
}
