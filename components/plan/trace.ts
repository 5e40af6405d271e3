/**
 * Traces one packet through the planned lab, hop by hop, as the nodes, the fabric and the gateway would treat it.
 * The verdict is made of such traces; the twin does the same with real packets.
 */
import type { Fault } from "../config";
import { sessionFault } from "./bgp";
import { carrierBetween } from "./carrier";
import type { Drop } from "./drop";
import { TUNNELS, VXLAN } from "./encapsulation";
import type { Endpoint } from "./endpoint";
import { fabricFacts, passesGateway } from "./fabric";
import type { LabPlan } from "./lab";
import {
  describe,
  type Host,
  hostAddress,
  inner,
  isPod,
  isVxlan,
  type Leg,
  type Sender,
  type Wire,
} from "./packet";
import type { Probe } from "./probe";
import { hasRoute, sourceTo } from "./route";
import { SERVICE_PORTS } from "./service";
import type { NodePlan, PodPlan } from "./topology";
import { betweenNodes, fromInternet, type Passage, toInternet } from "./underlay";
import { isMisrecorded, recordedIp, VPN_INTERFACE } from "./vpn";

/**
 * Traces a probe and its answer. kube-proxy rewrites a Service's address on the node where the packet is, before it is
 * routed, so the rest is the way to the pod behind the Service. A NodePort takes two traces: the client's to the node, and
 * with the policy `Cluster` the node's to the pod, because kube-proxy gives the packet the node's address (Kubernetes
 * documentation, "Using Source IP").
 *
 * @returns where one of them is lost; undefined when both arrive.
 */
export function trace(plan: LabPlan, from: Sender, to: Endpoint, probe: Probe): Drop | undefined {
  if (to.kind === "service") {
    // Without an endpoint, kube-proxy rejects what is for the Service.
    if (probe.protocol === "udp" && from.node.host.broken.includes("dns-loop")) {
      const packet = { source: hostAddress(from), destination: to.service.address, ...probe };
      return {
        cause: "host",
        hop: `${from.node.name}'s kube-proxy`,
        packet: describe(packet),
        fault: "dns-loop",
        onReturn: false,
      };
    }
    const atPod = {
      ...probe,
      ...(probe.protocol !== "icmp" && { port: SERVICE_PORTS[probe.protocol].target }),
    };
    return exchange(plan, from, podBehind(to), atPod);
  }
  if (to.kind !== "nodeport") return exchange(plan, from, to, probe);
  const toEntry = exchange(plan, from, { kind: "node", node: to.entry, forwards: true }, probe);
  if (toEntry || to.policy === "Local") return toEntry;
  const atPod = { ...probe, port: SERVICE_PORTS.tcp.target };
  return exchange(plan, { kind: "node", node: to.entry }, podBehind(to), atPod);
}

const podBehind = ({ pod, node }: { pod: PodPlan; node: NodePlan }) => ({ kind: "pod", pod, node }) as const;

/** A packet and its answer between two hosts. */
function exchange(plan: LabPlan, sender: Sender, to: Host, probe: Probe): Drop | undefined {
  const from = sender.kind === "node" ? onItsDevice(plan, sender.node, to) : sender;
  const leaves = plan.ipPool.natOutgoing && from.kind === "pod" && to.kind !== "pod";
  const translated = leaves && !from.node.host.broken.includes("nat-missing");
  // A packet that should have its node's address and has the pod's is lost because of that, wherever it is lost.
  const named = (drop: Omit<Drop, "onReturn">) =>
    leaves && !translated && !drop.fault ? { ...drop, fault: "nat-missing" as const } : drop;
  const there = oneWay(plan, { from, to, probe, translated, dontFragment: true, seen: [] });
  if (there.drop) return { ...named(there.drop), onReturn: false };
  // The answer goes to the source address of the probe: the node's own, if natOutgoing rewrote it.
  const answerTo: Host = translated ? { kind: "node", node: from.node } : from;
  const back = oneWay(plan, {
    from: to,
    to: answerTo,
    probe,
    translated: false,
    dontFragment: false,
    seen: there.wires,
  });
  return back.drop && { ...named(back.drop), onReturn: true };
}

/** A node with the source address that it chooses for a packet. */
const onItsDevice = (plan: LabPlan, node: NodePlan, to: Host): Sender => ({
  kind: "node",
  node,
  ...(to.kind === "pod" && { address: sourceTo(plan, node, to.node) }),
});

/** A packet on its way from one endpoint to another: through the kernel of its node, across, and into its target. */
function oneWay(plan: LabPlan, leg: Leg): Passage {
  const { from, to } = leg;
  const sent = from.kind === "pod" ? notForwarded(from.node, leg) : undefined;
  if (sent) return { drop: sent, wires: [] };
  const across = travel(plan, leg);
  if (across.drop || from.kind === "internet" || to.kind === "internet" || from.node.name === to.node.name)
    return across;
  const drop =
    reversed(plan, leg, from.node, to.node, across.wires) ??
    (to.kind === "pod" || to.forwards ? notForwarded(to.node, leg) : undefined);
  return { ...across, drop };
}

/** Whether a node's kernel forwards the packets of its pods. */
function notForwarded({ name, host }: NodePlan, leg: Leg): Passage["drop"] {
  const fault = host.broken.find((one) => one === "ip-forward-off" || one === "host-firewall-forward-drop");
  return fault && { cause: "host", hop: `${name}'s kernel`, packet: describe(inner(leg)), fault };
}

/** A strict reverse path filter drops a packet that comes in by another device than its answer would leave by. */
function reversed(
  plan: LabPlan,
  leg: Leg,
  a: NodePlan,
  b: NodePlan,
  wires: readonly Wire[],
): Passage["drop"] {
  if (!b.host.broken.includes("rp-filter-strict")) return undefined;
  const packet = inner(leg);
  const [wire] = wires;
  const came = wire?.protocol === "4" ? "ipip" : wire && isVxlan(wire) ? "vxlan" : "direct";
  const leaves = isPod(plan, packet.source) && hasRoute(plan, b, a) ? carrierBetween(plan, b, a) : "direct";
  return came === leaves
    ? undefined
    : { cause: "host", hop: `${b.name}'s kernel`, packet: describe(packet), fault: "rp-filter-strict" };
}

function travel(plan: LabPlan, leg: Leg): Passage {
  const { from, to } = leg;
  if (from.kind === "internet") return fromInternet(plan, leg);
  if (to.kind === "internet") return toInternet(plan, leg, from.node);
  if (from.node.name === to.node.name) return { wires: [] };
  // A tunnel device's address is in the node's block, so it is reached as the node's pods are.
  if (isPod(plan, hostAddress(to))) return toBlock(plan, leg, from.node, to.node);
  return betweenNodes(plan, leg, from.node, to.node, inner(leg), passesGateway(plan, from.node, to.node));
}

function toBlock(plan: LabPlan, leg: Leg, a: NodePlan, b: NodePlan): Passage {
  const packet = inner(leg);
  if (!hasRoute(plan, a, b)) {
    // Without a route to the block, the packet follows the node's default route to the gateway, un-encapsulated.
    const astray = betweenNodes(plan, leg, a, b, packet, true);
    return astray.drop
      ? {
          ...astray,
          drop: { ...astray.drop, cause: "no-bgp-route", rule: "bgp", fault: sessionFault(plan, a, b) },
        }
      : astray;
  }
  const carrier = carrierBetween(plan, a, b);
  if (carrier === "direct") return betweenNodes(plan, leg, a, b, packet, passesGateway(plan, a, b));
  const outer: Wire = { source: recordedIp(a), destination: recordedIp(b), ...OUTER[carrier] };
  if (leg.dontFragment && leg.probe.size > plan.mtu.tunnel) {
    const fault = plan.faults.includes("mtu-too-big") ? "mtu-too-big" : undefined;
    const hop = `${TUNNELS[carrier].device} of ${a.name}`;
    return { drop: { cause: "mtu", hop, packet: describe(packet), fault }, wires: [] };
  }
  // A tunnel starts and ends at the recorded addresses. Neither the VPN nor the gateway has a way between these nodes.
  if (isMisrecorded(a) || isMisrecorded(b)) {
    const hop = isMisrecorded(a) ? `${VPN_INTERFACE} of ${a.name}` : fabricFacts(plan).gateway;
    return lostAt(hop, outer, "node-ip-wrong-interface");
  }
  const across = betweenNodes(plan, leg, a, b, outer, passesGateway(plan, a, b));
  const isCorrupt =
    carrier === "vxlan" && leg.probe.protocol !== "icmp" && a.host.broken.includes("vxlan-checksum");
  if (across.drop || !isCorrupt) return across;
  return { ...across, ...lostAt(`${b.name}'s kernel`, packet, "vxlan-checksum") };
}

/** A packet that a fault of a node itself loses. */
const lostAt = (hop: string, packet: Wire, fault: Fault): Passage => ({
  drop: { cause: "host", hop, packet: describe(packet), fault },
  wires: [packet],
});

const OUTER = { ipip: { protocol: "4" }, vxlan: { protocol: "udp", port: VXLAN.port } } as const;
