/** The endpoints of a path: their addresses and names. */
import type { ServicePlan, TrafficPolicy } from "./service";
import type { InstancePlan } from "./tenant";
import type { NodePlan, PodPlan } from "./topology";

/** What a pod or a client wants to reach. `pod` and `node` of a Service are those of its one endpoint. */
export type Endpoint =
  | { kind: "pod"; pod: PodPlan; node: NodePlan }
  | { kind: "node"; node: NodePlan }
  | { kind: "service"; service: ServicePlan; pod: PodPlan; node: NodePlan }
  | {
      kind: "nodeport";
      service: ServicePlan;
      policy: TrafficPolicy;
      /** The node whose NodePort the client asks. */
      entry: NodePlan;
      pod: PodPlan;
      node: NodePlan;
    }
  /** A tenant's instance; `node` is its compute host. */
  | { kind: "instance"; instance: InstancePlan; node: NodePlan }
  | { kind: "internet" };

/** The host beyond the gateway (in an RFC 5737 documentation range), and the MTU of the path to it, in bytes. */
export const INTERNET = { address: "203.0.113.10", gateway: "203.0.113.1", prefix: 24, mtu: 1500 } as const;

/** An endpoint's IPv4 address, to which a probe is sent. */
export function addressOf(end: Endpoint): string {
  switch (end.kind) {
    case "pod":
      return end.pod.address;
    case "node":
      return end.node.address;
    case "service":
      return end.service.address;
    case "nodeport":
      return end.entry.address;
    case "instance":
      return end.instance.address;
    case "internet":
      return INTERNET.address;
  }
}

/** An endpoint's name. A pod's, a node's, an instance's and the internet's are also those of their network namespaces on the twin. */
export function nameOf(end: Endpoint): string {
  switch (end.kind) {
    case "pod":
      return end.pod.name;
    case "node":
      return end.node.name;
    case "service":
      return end.service.name;
    case "nodeport":
      return `${end.entry.name}:${end.service.nodePorts[end.policy]}`;
    case "instance":
      return end.instance.name;
    case "internet":
      return "internet";
  }
}
