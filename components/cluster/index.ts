/** The cluster's door: kubeadm on nodes, whichever cloud they are of. */
export { Cluster } from "./cluster";
export { createCommandProvider } from "./provider";
export { machineId } from "./ready";
export { runScript } from "./run-script";
