/** For one pair of each path: on which device its packet is taken, which packet, and with which probe it is made. */
import {
  addressOf,
  carrierBetween,
  type Endpoint,
  examplesOf,
  fabricFacts,
  type LabPlan,
  type Pair,
  probeOf,
  probesOf,
  routesOf,
  rowKey,
} from "../plan";
import type { ProbeOrder } from "./order";

/** A probe that is sent once more, to take its packet from a device of a node. */
export interface CaptureOrder extends ProbeOrder {
  node: string;
  /** The node's device from which the packet is taken. */
  interface: string;
  /** The packet, as it is on that device, or in the tunnel on that device. */
  match: { protocol: ProbeOrder["probe"]; destination: string; source?: string };
  /** The address for `ip route get` on the node: behind a Service, the pod's. */
  route: string;
}

/** The captures of a lab: one for each row of the verdict. */
export function capturesOf(plan: LabPlan): CaptureOrder[] {
  return examplesOf(plan).map((pair) => {
    const { from, to } = pair;
    const [small = "ICMP"] = probesOf(pair);
    const { protocol, size, port } = probeOf(plan, pair, small);
    return {
      id: rowKey(pair),
      namespace: from.name,
      destination: addressOf(to),
      probe: protocol,
      size,
      ...(port && { port }),
      // Do not wait long for an answer: the packet is what is wanted.
      expect: false,
      node: to.kind === "nodeport" ? to.entry.name : from.node,
      interface: (pair.path === "same-node" && from.interface) || fabricFacts(plan).nic,
      match: { protocol, ...endsOf(plan, pair) },
      route: "pod" in to ? to.pod.address : addressOf(to),
    };
  });
}

/** The addresses of the packet that is taken. Not of another path's between the same nodes. */
function endsOf(plan: LabPlan, { path, from, to }: Pair): { destination: string; source?: string } {
  const destination = addressOf(to);
  // natOutgoing may give the packet the node's address.
  if (path === "same-node" || to.kind === "node" || to.kind === "internet") return { destination };
  if (to.kind === "nodeport" && to.policy === "Local") return { destination, source: from.address };
  return { destination: to.pod.address, source: sourceOf(plan, from, to) };
}

/** The packet's source on its way to the pod: a node has the address of the device by which it sends. */
function sourceOf(plan: LabPlan, from: Pair["from"], to: Extract<Endpoint, { pod: unknown }>): string {
  const sender = to.kind === "nodeport" ? to.entry.name : from.name;
  const node = plan.nodes.find(({ name }) => name === sender);
  if (!node) return from.address;
  const tunneled = carrierBetween(plan, node, to.node) !== "direct" && routesOf(plan, node).length > 0;
  return tunneled ? node.tunnelAddress : node.address;
}
