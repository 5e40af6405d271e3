/** Public API of the cluster: kubeadm on nodes of any cloud. */
export { Cluster, type ClusterArgs } from "./cluster";
export { PeerLink, type PeerLinkArgs } from "./peer-link";
export { createCommandProvider } from "./provider";
export { machineId } from "./ready";
export { runScript } from "./run-script";
export { TenantPort, type TenantPortArgs } from "./tenant-port";
