/** The probes: which are sent along a path, as which packets. */
import { type Endpoint, INTERNET, nameOf } from "./endpoint";
import type { LabPlan } from "./lab";
import type { Pair } from "./path";
import { KUBELET_PORT } from "./port";
import { SERVICE_PORTS } from "./service";

/**
 * What is sent along a path: a 56-byte ping, a datagram of the same size, a TCP exchange, and the largest ping or datagram
 * that the path should carry. A Service answers no ping, so datagrams go to Services and pings to everything else.
 */
export const PROBES = ["ICMP", "UDP", "TCP", "full-MTU"] as const;
/** One of the {@link PROBES}. */
export type ProbeName = (typeof PROBES)[number];

/** A packet to send. */
export interface Probe {
  protocol: "icmp" | "tcp" | "udp";
  /** Port at the destination. */
  port?: number;
  /** Length of the IP packet in bytes, sent with DF set. */
  size: number;
}

/** The TCP ports on which the study pods, instances, and the internet host listen. On a node it is the kubelet. */
const POD_PORT = SERVICE_PORTS.tcp.target;
const INTERNET_PORT = 443;

/** The probes that are sent along a pair. */
export function probesOf({ path, port }: Pick<Pair, "path" | "port">): readonly ProbeName[] {
  if (port !== undefined || path === "client-to-nodeport") return ["TCP"];
  return path === "pod-to-service" ? ["UDP", "TCP", "full-MTU"] : ["ICMP", "TCP", "full-MTU"];
}

/** The packet that a probe sends along a pair. */
export function probeOf(plan: LabPlan, { path, to, port = portOf(to) }: Pair, probe: ProbeName): Probe {
  if (probe === "TCP") return { protocol: "tcp", port, size: 60 };
  // A node knows the MTU of its own tunnel device, so it sends nothing larger, whatever the pods believe.
  const known = path === "node-to-pod" ? plan.mtu.tunnel : Number.POSITIVE_INFINITY;
  // Neutron tells its MTU to instances (DHCP) and to the node's port, so nothing larger enters the tenant network.
  const inTenant = path === "pod-to-tenant" || path === "tenant-to-pod" ? plan.tenant?.mtu : undefined;
  const largest = Math.min(plan.mtu.pod, known, mtuTo(to), inTenant ?? Number.POSITIVE_INFINITY);
  const size = probe === "full-MTU" ? largest : 84;
  if (to.kind === "service") return { protocol: "udp", port: SERVICE_PORTS.udp.port, size };
  return { protocol: "icmp", size };
}

const mtuTo = ({ kind }: Endpoint): number => (kind === "internet" ? INTERNET.mtu : Number.POSITIVE_INFINITY);

function portOf(to: Endpoint): number {
  switch (to.kind) {
    case "pod":
    case "instance":
      return POD_PORT;
    case "node":
      return KUBELET_PORT;
    case "service":
      return SERVICE_PORTS.tcp.port;
    case "nodeport":
      return to.service.nodePorts[to.policy];
    case "internet":
      return INTERNET_PORT;
  }
}

/** Who must listen for a probe, and on which port: behind a Service that is a pod. Undefined for a ping. */
export function listenerOf(
  { to }: Pick<Pair, "to">,
  { protocol, port }: Probe,
): { namespace: string; protocol: "tcp" | "udp"; port: number } | undefined {
  if (protocol === "icmp" || port === undefined) return undefined;
  if (to.kind === "service" || to.kind === "nodeport")
    return { namespace: to.pod.name, protocol, port: SERVICE_PORTS[protocol].target };
  return { namespace: nameOf(to), protocol, port };
}
