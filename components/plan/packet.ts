/** A packet on its way through the lab: where it is made, where it goes, and what others see of it. */
import { holds } from "./addressing";
import { TUNNELS, VXLAN } from "./encapsulation";
import { INTERNET } from "./endpoint";
import type { Hop, Keep } from "./hop";
import type { LabPlan } from "./lab";
import type { Source } from "./path";
import type { Probe } from "./probe";
import type { FirewallRule } from "./rule";
import { type InstancePlan, TENANT_TUNNEL } from "./tenant";
import type { NodePlan } from "./topology";

/**
 * Where a packet is made or delivered. A node sends into a tunnel from its tunnel device's address. With `forwards` it does
 * not keep the packet: kube-proxy sends it on to a pod.
 */
export type Host =
  | { kind: "pod"; pod: Source; node: NodePlan }
  | { kind: "node"; node: NodePlan; address?: string; forwards?: boolean }
  /** An instance; `node` is its compute host. */
  | { kind: "instance"; instance: InstancePlan; node: NodePlan }
  | { kind: "internet" };

/** Where a probe can start. */
export type Sender = Extract<Host, { kind: "pod" | "node" | "instance" }>;

/** A packet as it travels between nodes: the fields that a security group's connection tracking remembers. */
export interface Wire {
  source: string;
  destination: string;
  protocol: FirewallRule["protocol"];
  port?: number;
}

/** One direction of a probe: from its source to its destination. */
export interface Leg {
  from: Host;
  to: Host;
  probe: Probe;
  /** Whether natOutgoing gives the packet its node's address. */
  translated: boolean;
  /** The address that natOutgoing gives the packet, where it is not the node's own: that of the device by which it leaves. */
  masquerade?: string;
  /** Linux sets DF on a probe that asks for it, and never on an echo reply, which it fragments instead. */
  dontFragment: boolean;
  /** The packets of the other direction: a stateful group lets their reverse pass, as an answer. */
  seen: readonly Wire[];
  direction: Hop["direction"];
  /** Takes the hops, if anything wants them. */
  keep?: Keep;
  /** What kube-proxy rewrites: the address and port that the client has asked for. */
  service?: { name: string; address: string; port?: number };
  /** The address of a NodePort's client, when the node sends its packet on: it neither makes it nor keeps the answer. */
  client?: string;
  /** Of an answer: the pod behind the address that natOutgoing gave the packet. */
  masqueraded?: Extract<Host, { kind: "pod" }>;
}

/** The address by which others know a host. */
export function hostAddress(end: Sender): string {
  if (end.kind === "pod") return end.pod.address;
  return end.kind === "instance" ? end.instance.address : (end.address ?? end.node.address);
}

/** The address that a packet is for. */
export const targetAddress = (to: Host): string =>
  to.kind === "internet" ? INTERNET.address : hostAddress(to);

/** The packet without any tunnel around it. */
export function inner({ from, to, probe, translated, masquerade }: Leg): Wire {
  const source =
    from.kind === "internet"
      ? INTERNET.address
      : translated
        ? (masquerade ?? from.node.address)
        : hostAddress(from);
  const destination = targetAddress(to);
  return { source, destination, protocol: probe.protocol, port: probe.port };
}

/** The packet's length on the wire, in bytes. */
export function lengthOf(leg: Leg, wire: Wire): number {
  if (isTenantTunnel(wire)) return leg.probe.size + TENANT_TUNNEL.overhead;
  const kind = wire.protocol === "4" ? "ipip" : wire.port === VXLAN.port ? "vxlan" : undefined;
  return leg.probe.size + (kind ? TUNNELS[kind].overhead : 0);
}

export const isPod = ({ ipPool }: LabPlan, address: string): boolean => holds(ipPool, address);

/** Whether the packet matches the state that a packet of the other direction has left. */
export const isAnswer = (wire: Wire, seen: readonly Wire[]): boolean =>
  seen.some(
    (other) =>
      // Each end of a VXLAN tunnel chooses its own source port, so no packet matches the state of another.
      !isVxlan(wire) &&
      other.source === wire.destination &&
      other.destination === wire.source &&
      other.protocol === wire.protocol &&
      other.port === wire.port,
  );

/** Whether a packet is in a VXLAN tunnel, Calico's or that of a tenant network. */
export const isVxlan = ({ protocol, port }: Wire): boolean =>
  protocol === "udp" && (port === VXLAN.port || port === TENANT_TUNNEL.port);

/** Whether a packet is in the tunnel between two compute hosts. */
export const isTenantTunnel = ({ protocol, port }: Wire): boolean =>
  protocol === "udp" && port === TENANT_TUNNEL.port;

const NAMES: Record<FirewallRule["protocol"], string> = {
  icmp: "ICMP",
  tcp: "TCP",
  udp: "UDP",
  "4": "IP protocol 4",
  all: "any protocol",
};

/** The packet as tcpdump writes it, e.g. `10.0.1.4 > 10.0.2.4 (IP protocol 4)`. */
export function describe({ source, destination, protocol, port }: Wire): string {
  return `${source} > ${destination} (${NAMES[protocol]}${port === undefined ? "" : ` ${port}`})`;
}
