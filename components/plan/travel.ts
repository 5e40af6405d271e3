/** The way of a packet that has left its pod: to the internet, to another node, or through a tunnel to its pods. */
import type { Fault } from "../config";
import { gatewayHop, routeFault } from "./bgp";
import { carrierBetween } from "./carrier";
import { TUNNELS, VXLAN } from "./encapsulation";
import { passesGateway } from "./fabric";
import type { LabPlan } from "./lab";
import { nodeNotes } from "./node-note";
import { notesOn } from "./note";
import { describe, hostAddress, inner, isPod, type Leg, type Wire } from "./packet";
import { tunnelMtu } from "./pool";
import { hasRoute, routesBy } from "./route";
import { gatewayName, linkFault } from "./site";
import { travelInTenant } from "./tenant-travel";
import type { NodePlan } from "./topology";
import { betweenNodes, fromInternet, type Passage, toInternet } from "./underlay";
import { isMisrecorded, recordedIp } from "./vpn";

/** Sends a packet from its node to where it is received. */
export function travel(plan: LabPlan, leg: Leg): Passage {
  const { from, to } = leg;
  if (from.kind === "internet") return answerFrom(plan, leg);
  if (from.kind === "instance" || to.kind === "instance") return travelInTenant(plan, leg);
  const notes = leg.keep && nodeNotes(plan, leg);
  if (to.kind === "internet") {
    notes?.leaves(from.node);
    return toInternet(plan, leg, from.node);
  }
  if (from.node.name === to.node.name) return { wires: [] };
  // A tunnel device's address is in the node's block, so it is reached as the node's pods are.
  if (isPod(plan, hostAddress(to))) return toBlock(plan, leg, from.node, to.node);
  notes?.toNode(from.node, to.node);
  return betweenNodes(plan, leg, from.node, to.node, inner(leg), passesGateway(plan, from.node, to.node));
}

/** The gateway has the internet's answer, and sends one for a pod on by the node that it takes for the next hop. */
function answerFrom(plan: LabPlan, leg: Leg): Passage {
  const { to } = leg;
  if (to.kind === "internet") return { wires: [] };
  const passage = fromInternet(plan, leg, to.node);
  const hop = isPod(plan, hostAddress(to)) ? gatewayHop(plan, to.node) : undefined;
  if (passage.drop || !hop || hop.name === to.node.name) return passage;
  return toBlock(plan, leg, hop, to.node);
}

/**
 * Sends a packet without a tunnel to another node's pods by way of the gateway, which may have another node for its next hop.
 * @param passed the names of the nodes that it has passed before.
 */
function byGateway(plan: LabPlan, leg: Leg, a: NodePlan, b: NodePlan, passed: readonly string[]): Passage {
  const packet = inner(leg);
  const hop = gatewayHop(plan, b) ?? b;
  if (hop.name === b.name) return betweenNodes(plan, leg, a, b, packet, true);
  if (passed.includes(hop.name) || hop.name === a.name) {
    // It takes the same way again, until its TTL is used up.
    if (leg.keep) notesOn(plan, leg, packet).gateway(gatewayName(plan, a), hop, b, "loop");
    const at = gatewayName(plan, a);
    return { drop: { cause: "loop", hop: at, packet: describe(packet) }, wires: [packet] };
  }
  const across = betweenNodes(plan, leg, a, hop, packet, true, b);
  if (across.drop) return across;
  const onwards = toBlock(plan, leg, hop, b, [...passed, a.name]);
  return { ...onwards, wires: [...across.wires, ...onwards.wires] };
}

function toBlock(plan: LabPlan, leg: Leg, a: NodePlan, b: NodePlan, passed: readonly string[] = []): Passage {
  const packet = inner(leg);
  const notes = leg.keep && nodeNotes(plan, leg);
  const { destination } = packet;
  if (!hasRoute(plan, a, b, destination)) {
    // Without a route to the block, the packet follows the node's default route to the gateway, un-encapsulated.
    notes?.astray(a, b);
    const astray = byGateway(plan, leg, a, b, passed);
    const fault = routeFault(plan, a, b);
    if (astray.drop && routesBy(plan, destination) === "Felix")
      return { ...astray, drop: { ...astray.drop, cause: "no-vtep", fault: undefined } };
    // Without the link there is no session over it, and the packet is lost there as well.
    if (astray.drop && fault && fault === linkFault(plan))
      return { ...astray, drop: { ...astray.drop, cause: "link", fault } };
    return astray.drop
      ? {
          ...astray,
          drop: { ...astray.drop, cause: "no-bgp-route", rule: "bgp", fault },
        }
      : astray;
  }
  const carrier = carrierBetween(plan, a, b, destination);
  notes?.toBlock(a, b);
  if (carrier === "direct")
    return passesGateway(plan, a, b)
      ? byGateway(plan, leg, a, b, passed)
      : betweenNodes(plan, leg, a, b, packet, false);
  const outer: Wire = { source: recordedIp(a), destination: recordedIp(b), ...OUTER[carrier] };
  const { size } = leg.probe;
  const limit = tunnelMtu(plan, carrier);
  const isTooLong = leg.dontFragment && size > limit;
  notes?.intoTunnel(a, carrier, outer, isTooLong);
  if (isTooLong) {
    const fault = plan.faults.includes("mtu-too-big") ? "mtu-too-big" : undefined;
    const hop = `${TUNNELS[carrier].device} of ${a.name}`;
    return {
      drop: { cause: "mtu", hop, packet: describe(packet), fault, mtu: { size, limit } },
      wires: [],
    };
  }
  // A tunnel ends at the recorded address, to which the gateway has no way.
  if (isMisrecorded(b)) {
    const hop = gatewayName(plan, a);
    notes?.misrecorded(hop, outer);
    return lostAt(hop, outer, "node-ip-wrong-interface");
  }
  const across = betweenNodes(plan, leg, a, b, outer, passesGateway(plan, a, b));
  // It starts there, too, but leaves by the NIC: an entry of the FDB names no device, so the kernel looks the way up by the
  // destination (`vxlan_xmit_one`). Only a check of addresses minds the source.
  if (across.drop?.cause === "anti-spoofing" && isMisrecorded(a))
    return { ...across, drop: { ...across.drop, cause: "host", fault: "node-ip-wrong-interface" } };
  const isCorrupt =
    carrier === "vxlan" && leg.probe.protocol !== "icmp" && a.host.broken.includes("vxlan-checksum");
  if (!across.drop) notes?.outOfTunnel(b, carrier);
  if (across.drop || !isCorrupt) return across;
  notes?.lostInKernel(b.name, "vxlan-checksum");
  return { ...across, ...lostAt(`${b.name}'s kernel`, packet, "vxlan-checksum") };
}

/** A packet that a fault of a node itself loses. */
const lostAt = (hop: string, packet: Wire, fault: Fault): Passage => ({
  drop: { cause: "host", hop, packet: describe(packet), fault },
  wires: [packet],
});

const OUTER = { ipip: { protocol: "4" }, vxlan: { protocol: "udp", port: VXLAN.port } } as const;
