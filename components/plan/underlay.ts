/** The way between the nodes, and to the internet: what the fabric does with a packet that has left its node. */
import { gatewayHop, gatewayRouteFault } from "./bgp";
import type { Drop } from "./drop";
import { INTERNET } from "./endpoint";
import { fabricFacts } from "./fabric";
import { SMALLER_BY } from "./fault-facts";
import { blockedBy, refusedBy, spoofed, spoofing } from "./filter";
import type { LabPlan } from "./lab";
import { acrossLink } from "./link";
import { notesOn } from "./note";
import { describe, inner, isPod, type Leg, lengthOf, type Wire } from "./packet";
import { crossesLink, gatewayName } from "./site";
import type { NodePlan } from "./topology";

/** What became of a packet, and what connection tracking on the way remembers of it. */
export type Passage = { drop?: Omit<Drop, "onReturn">; wires: Wire[] };

/** A packet that is lost although it has left its node. Not a closure: a verdict calls this engine thousands of times. */
const lost = (wire: Wire, drop: Omit<Drop, "onReturn" | "packet">): Passage => ({
  drop: { ...drop, packet: describe(wire) },
  wires: [wire],
});

/**
 * From node to node: the sender's own firewall, outgoing anti-spoofing, the gateway if on the path, incoming
 * anti-spoofing, the security group, the receiver's own firewall.
 *
 * @param pods the node whose pods a packet without a tunnel is for, where the gateway sends it to another one.
 */
export function betweenNodes(
  plan: LabPlan,
  leg: Leg,
  a: NodePlan,
  b: NodePlan,
  wire: Wire,
  viaGateway: boolean,
  pods: NodePlan = b,
): Passage {
  const { dropsIpip, antiSpoofing } = fabricFacts(plan);
  const gateway = gatewayName(plan, a);
  const { out = [], in: into = [] } = antiSpoofing?.checks ?? {};
  const notes = leg.keep && notesOn(plan, leg, wire);
  const kept = blockedBy(plan, wire, leg, a, "out");
  notes?.firewall(a, "out", kept);
  if (kept) return lost(wire, { cause: "host-firewall", hop: `${a.name}'s firewall`, ...kept });
  const spoofedOut = out.includes("source") && spoofed(plan, wire.source, a);
  if (out.length > 0) notes?.port(a, spoofedOut ? wire.source : undefined, "out");
  if (spoofedOut) return lost(wire, { ...spoofing(plan, a), hop: `${a.name}'s port` });
  const length = lengthOf(leg, wire);
  const tooLong = length > plan.mtu.link - SMALLER_BY;
  const narrow = [a, b].find(({ host }) => host.broken.includes("link-mtu-smaller"));
  if (narrow) notes?.link(narrow, plan.mtu.link - SMALLER_BY);
  if (narrow && tooLong)
    return lost(wire, { cause: "host", hop: `${narrow.name}'s link`, fault: "link-mtu-smaller" });
  const noIpip = wire.protocol === "4" && dropsIpip !== undefined;
  const isJoined = viaGateway && crossesLink(a, b);
  const swallows = !isJoined && viaGateway && tooLong && a.host.broken.includes("mtu-black-hole");
  const noRoute = !isJoined && viaGateway && isPod(plan, wire.destination) && !gatewayHop(plan, pods);
  if ((viaGateway || noIpip) && !isJoined)
    notes?.gateway(gateway, b, pods, noIpip ? "protocol" : swallows ? "mtu" : noRoute ? "route" : undefined);
  if (noIpip) return lost(wire, { cause: "protocol", hop: gateway });
  if (swallows) return lost(wire, { cause: "host", hop: gateway, fault: "mtu-black-hole" });
  if (noRoute) return lost(wire, { cause: "gateway", hop: gateway, fault: gatewayRouteFault(plan, pods) });
  const onLink = isJoined ? acrossLink(plan, leg, a, b, wire) : undefined;
  if (onLink) return lost(wire, onLink);
  const spoofedIn =
    into.includes("source") && spoofed(plan, wire.source, a)
      ? wire.source
      : into.includes("destination") && spoofed(plan, wire.destination, b)
        ? wire.destination
        : undefined;
  if (into.length > 0) notes?.port(b, spoofedIn, "in");
  if (spoofedIn) return lost(wire, { ...spoofing(plan, b), hop: `${b.name}'s port` });
  const refused = refusedBy(plan, wire, leg.seen, b);
  notes?.group(b, refused);
  if (refused) return lost(wire, { cause: "security-group", hop: `${b.name}'s security group`, ...refused });
  const blocked = blockedBy(plan, wire, leg, b, "in");
  notes?.firewall(b, "in", blocked);
  if (blocked) return lost(wire, { cause: "host-firewall", hop: `${b.name}'s firewall`, ...blocked });
  return { wires: [wire] };
}

/** To the internet, by the gateway. */
export function toInternet(plan: LabPlan, leg: Leg, a: NodePlan): Passage {
  const wire = inner(leg);
  const { antiSpoofing, snat } = fabricFacts(plan);
  const gateway = gatewayName(plan, a);
  const notes = leg.keep && notesOn(plan, leg, wire);
  const checked = antiSpoofing?.checks.out.includes("source");
  const isSpoofed = checked && spoofed(plan, wire.source, a);
  if (checked) notes?.port(a, isSpoofed ? wire.source : undefined, "out");
  if (isSpoofed) return lost(wire, { ...spoofing(plan, a), hop: `${a.name}'s port` });
  const isNarrow = a.host.broken.includes("link-mtu-smaller");
  if (isNarrow) notes?.link(a, plan.mtu.link - SMALLER_BY);
  if (isNarrow && leg.probe.size > plan.mtu.link - SMALLER_BY)
    return lost(wire, { cause: "host", hop: `${a.name}'s link`, fault: "link-mtu-smaller" });
  const { size } = leg.probe;
  const tooLong = size > INTERNET.mtu;
  const translates = snat === "any" || !isPod(plan, wire.source);
  notes?.toInternet(a, tooLong, translates);
  if (tooLong) return lost(wire, { cause: "mtu", hop: gateway, mtu: { size, limit: INTERNET.mtu } });
  // Unless the gateway translates a pod's address like a node's, the internet has no route back to it.
  if (!translates) return lost(wire, { cause: "no-answer", hop: "the internet" });
  return { wires: [wire] };
}

/** The internet host only answers, and its answers match the state that the probe left at every hop. */
export function fromInternet(plan: LabPlan, leg: Leg, to: NodePlan): Passage {
  const wire = inner(leg);
  // The gateway has translated the pod's packet and undoes that in the answer, but may have no route to the pod.
  const arrives = !isPod(plan, wire.destination) || gatewayHop(plan, to) !== undefined;
  const gateway = gatewayName(plan, to);
  if (leg.keep) notesOn(plan, leg, wire).fromInternet(gateway, wire.destination, arrives);
  if (arrives) return { wires: [] };
  const fault = gatewayRouteFault(plan, to);
  return { drop: { cause: "gateway", hop: gateway, packet: describe(wire), fault }, wires: [] };
}
