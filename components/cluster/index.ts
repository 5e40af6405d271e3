/** The cluster's door: kubeadm on nodes, whichever cloud they are of. */
export { Cluster } from "./cluster";
export { runScript } from "./run-script";
