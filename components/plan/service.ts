/** The study's Services, with their addresses: what kube-proxy would program, and the twin does. */
import type { LabConfig } from "../config";
import { parseCidr, toAddress } from "./addressing";
import type { NodePlan } from "./topology";

/**
 * A Service of the study with a single endpoint, so that every connection has the same outcome. It stands for two
 * Services of Kubernetes: their `externalTrafficPolicy` is `Cluster` on one NodePort and `Local` on the other.
 */
export interface ServicePlan {
  /** `service-<subnet>`. */
  name: string;
  /** Its ClusterIP, in the Service range. */
  address: string;
  /** The NodePort by policy. Every node has both. */
  nodePorts: Record<TrafficPolicy, number>;
  /** The node of its endpoint, which is that node's first pod. */
  node: string;
}

/** A Service's `externalTrafficPolicy`. */
export type TrafficPolicy = "Cluster" | "Local";

/** A port of every Service: at the ClusterIP, and at the pod behind it. UDP is as the cluster's DNS has it. */
export const SERVICE_PORTS = {
  tcp: { port: 80, target: 8080 },
  udp: { port: 53, target: 53 },
} as const;

/** At most this many: each costs a probe per node, and the smallest range of Services (/28) has room for no more. */
const MOST_SERVICES = 4;

/** The API server's Service has the first address of the range, and kubeadm gives the cluster's DNS the tenth. */
const FIRST_FREE_ADDRESS = 11;

/** In the range of NodePorts, 30000 to 32767. */
const FIRST_NODE_PORT: ServicePlan["nodePorts"] = { Cluster: 30_000, Local: 31_000 };

/** One Service for each of the first subnets. Its endpoint is on the subnet's last node, which is rarely the control plane. */
export function planServices(
  { serviceCidr, topology }: Pick<LabConfig, "serviceCidr" | "topology">,
  nodes: readonly NodePlan[],
): ServicePlan[] {
  const { first } = parseCidr(serviceCidr);
  return topology.slice(0, MOST_SERVICES).flatMap(({ name: subnet }, i) => {
    const node = nodes.findLast((one) => one.subnet === subnet);
    if (!node) return [];
    const nodePorts = { Cluster: FIRST_NODE_PORT.Cluster + i, Local: FIRST_NODE_PORT.Local + i };
    const address = toAddress(first + FIRST_FREE_ADDRESS + i);
    return [{ name: `service-${subnet}`, address, nodePorts, node: node.name }];
  });
}
