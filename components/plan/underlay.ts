/** The way between the nodes, and to the internet: what the fabric does with a packet that has left its node. */
import type { Drop } from "./drop";
import { INTERNET } from "./endpoint";
import { fabricFacts } from "./fabric";
import { SMALLER_BY } from "./fault-facts";
import { blockedBy, refusedBy, spoofed, spoofing } from "./filter";
import type { LabPlan } from "./lab";
import { describe, inner, isPod, type Leg, lengthOf, type Wire } from "./packet";
import type { NodePlan } from "./topology";

/** What became of a packet, and what connection tracking on the way remembers of it. */
export type Passage = { drop?: Omit<Drop, "onReturn">; wires: Wire[] };

/**
 * From node to node: the sender's own firewall, outgoing anti-spoofing, the gateway if on the path, incoming
 * anti-spoofing, the security group, the receiver's own firewall.
 */
export function betweenNodes(
  plan: LabPlan,
  leg: Leg,
  a: NodePlan,
  b: NodePlan,
  wire: Wire,
  viaGateway: boolean,
): Passage {
  const wires = [wire];
  const packet = describe(wire);
  const { gateway, dropsIpip, antiSpoofing } = fabricFacts(plan);
  const { out = [], in: into = [] } = antiSpoofing?.checks ?? {};
  const kept = blockedBy(plan, wire, leg, a, "out");
  if (kept) return { drop: { cause: "host-firewall", hop: `${a.name}'s firewall`, packet, ...kept }, wires };
  if (out.includes("source") && spoofed(plan, wire.source, a))
    return { drop: { ...spoofing(plan, a), hop: `${a.name}'s port`, packet }, wires };
  const tooLong = lengthOf(plan, leg, wire) > plan.mtu.link - SMALLER_BY;
  const narrow = [a, b].find(({ host }) => host.broken.includes("link-mtu-smaller"));
  if (narrow && tooLong)
    return {
      drop: { cause: "host", hop: `${narrow.name}'s link`, packet, fault: "link-mtu-smaller" },
      wires,
    };
  if (wire.protocol === "4" && dropsIpip) return { drop: { cause: "protocol", hop: gateway, packet }, wires };
  if (viaGateway && tooLong && a.host.broken.includes("mtu-black-hole"))
    return { drop: { cause: "host", hop: gateway, packet, fault: "mtu-black-hole" }, wires };
  if (viaGateway && isPod(plan, wire.destination) && plan.podRoutes.length === 0) {
    return { drop: { cause: "gateway", hop: gateway, packet }, wires };
  }
  if (
    (into.includes("source") && spoofed(plan, wire.source, a)) ||
    (into.includes("destination") && spoofed(plan, wire.destination, b))
  )
    return { drop: { ...spoofing(plan, b), hop: `${b.name}'s port`, packet }, wires };
  const refused = refusedBy(plan, wire, leg.seen, b);
  if (refused)
    return {
      drop: { cause: "security-group", hop: `${b.name}'s security group`, packet, ...refused },
      wires,
    };
  const blocked = blockedBy(plan, wire, leg, b, "in");
  if (blocked)
    return { drop: { cause: "host-firewall", hop: `${b.name}'s firewall`, packet, ...blocked }, wires };
  return { wires };
}

/** To the internet, by the gateway. */
export function toInternet(plan: LabPlan, leg: Leg, a: NodePlan): Passage {
  const wire = inner(leg);
  const packet = describe(wire);
  const { antiSpoofing, snat } = fabricFacts(plan);
  if (antiSpoofing?.checks.out.includes("source") && spoofed(plan, wire.source, a)) {
    return { drop: { ...spoofing(plan, a), hop: `${a.name}'s port`, packet }, wires: [wire] };
  }
  if (a.host.broken.includes("link-mtu-smaller") && leg.probe.size > plan.mtu.link - SMALLER_BY)
    return {
      drop: { cause: "host", hop: `${a.name}'s link`, packet, fault: "link-mtu-smaller" },
      wires: [wire],
    };
  if (leg.probe.size > INTERNET.mtu) {
    return { drop: { cause: "mtu", hop: fabricFacts(plan).gateway, packet }, wires: [wire] };
  }
  // Unless the gateway translates a pod's address like a node's, the internet has no route back to it.
  if (isPod(plan, wire.source) && snat === "subnets")
    return { drop: { cause: "no-answer", hop: "the internet", packet }, wires: [wire] };
  return { wires: [wire] };
}

/** The internet host only answers, and its answers match the state that the probe left at every hop. */
export function fromInternet(plan: LabPlan, leg: Leg): Passage {
  const wire = inner(leg);
  // The gateway has translated the pod's packet and undoes that in the answer, but may have no route to the pod.
  if (!isPod(plan, wire.destination) || plan.podRoutes.length > 0) return { wires: [] };
  return { drop: { cause: "gateway", hop: fabricFacts(plan).gateway, packet: describe(wire) }, wires: [] };
}
