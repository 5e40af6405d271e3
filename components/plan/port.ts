/** The TCP ports of Kubernetes' components (kubernetes.io, "Ports and Protocols"). */
export const API_PORT = 6443;
export const KUBELET_PORT = 10250;
