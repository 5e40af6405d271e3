/** For one pair of each path: which packet is taken from which device, and with which probe it is made. */
import {
  addressOf,
  type Endpoint,
  fabricFacts,
  type LabPlan,
  type Pair,
  pluggedPort,
  probeOf,
  probesOf,
  rowsOf,
  sourceTo,
} from "../plan";
import type { ProbeOrder } from "./probe-order";

/** A probe that is sent once more, to take its packet from a device of a node. */
export interface CaptureOrder extends ProbeOrder {
  /** The node, or the instance, that is looked at. */
  node: string;
  /** The node's device from which the packet is taken. */
  interface: string;
  /**
   * The packet, on that device or in a tunnel on it. Without the source, the packet of another path between the same nodes
   * could be taken for this one's.
   */
  match: { protocol: ProbeOrder["probe"]; destination: string; source?: string };
  /** The address for `ip route get` on the node: behind a Service, the pod's. */
  route: string;
}

/** The captures of a lab: one for each row of the verdict. */
export const capturesOf = (plan: LabPlan): CaptureOrder[] =>
  rowsOf(plan).rows.map(({ key, pair }) => captureOf(plan, key, pair));

/** The capture of one pair. @param key the row of the verdict that the pair stands for. */
export function captureOf(plan: LabPlan, key: string, pair: Pair): CaptureOrder {
  const { from, to } = pair;
  const [small = "ICMP"] = probesOf(pair);
  const { protocol, size, port } = probeOf(plan, pair, small);
  const inside = pair.path === "same-node" && from.interface;
  return {
    id: key,
    namespace: from.name,
    destination: addressOf(to),
    probe: protocol,
    size,
    ...(port && { port }),
    // Do not wait long for an answer: the packet is what is wanted.
    expect: false,
    node: pair.path === "tenant-to-pod" ? from.name : to.kind === "nodeport" ? to.entry.name : from.node,
    interface: inside || tenantDevice(plan, pair) || fabricFacts(plan).nic,
    match: { protocol, ...endsOf(plan, pair) },
    route: "pod" in to ? to.pod.address : addressOf(to),
  };
}

/** On the way to a tenant network or from one: the node's port there, or the instance's own device. */
function tenantDevice(plan: LabPlan, { path, from }: Pair): string | undefined {
  const node = plan.nodes.find(({ name }) => name === from.node);
  if (path === "pod-to-tenant") return node && pluggedPort(plan, node)?.device;
  return path === "tenant-to-pod" ? "eth0" : undefined;
}

/** The addresses of the packet where it is taken: behind a Service, those that kube-proxy gives it. */
function endsOf(plan: LabPlan, { path, from, to }: Pair): { destination: string; source?: string } {
  if (path === "same-node" || to.kind === "internet" || to.kind === "node" || to.kind === "instance")
    return { destination: addressOf(to) };
  if (to.kind === "nodeport" && to.policy === "Local")
    return { destination: addressOf(to), source: from.address };
  return { destination: to.pod.address, source: sourceOf(plan, from, to) };
}

/** The packet's source on its way to the pod: a node has the address of the device by which it sends. */
function sourceOf(plan: LabPlan, from: Pair["from"], to: Extract<Endpoint, { pod: unknown }>): string {
  const sender = to.kind === "nodeport" ? to.entry.name : from.name;
  const node = plan.nodes.find(({ name }) => name === sender);
  return node ? sourceTo(plan, node, to.node) : from.address;
}
