/**
 * Traces one packet through the planned lab, hop by hop, as the nodes, the fabric and the gateway would treat it.
 * The verdict is made of such traces; the twin does the same with real packets.
 */
import type { Fault } from "../config";
import { type Cidr, contains, parseCidr, toNumber } from "./addressing";
import { carrierBetween } from "./carrier";
import { routesNeedBgp, TUNNELS, VXLAN } from "./encapsulation";
import { type Endpoint, INTERNET } from "./endpoint";
import { fabricFacts, passesGateway } from "./fabric";
import { letsThrough, ruleOf } from "./firewall";
import type { LabPlan } from "./lab";
import type { Probe } from "./probe";
import type { FirewallRule, RuleName } from "./rule";
import { SERVICE_PORTS } from "./service";
import type { NodePlan, PodPlan } from "./topology";

/** Where a packet is made or delivered. A node sends into a tunnel from its tunnel device's address. */
type Host =
  | { kind: "pod"; pod: Pick<PodPlan, "address">; node: NodePlan }
  | { kind: "node"; node: NodePlan; address?: string }
  | { kind: "internet" };

/** A packet as it travels between nodes: the fields that a security group's connection tracking remembers. */
interface Wire {
  source: string;
  destination: string;
  protocol: FirewallRule["protocol"];
  port?: number;
}

/** Where a packet was lost, and why. */
export interface Drop {
  cause: "no-bgp-route" | "anti-spoofing" | "protocol" | "gateway" | "security-group" | "mtu" | "no-answer";
  /** The hop at which it was lost, e.g. `w1's port`, `VPC router`. */
  hop: string;
  /** Whether the answer was lost rather than the packet itself. */
  onReturn: boolean;
  /** The lost packet, with its addresses as tcpdump writes them. */
  packet: string;
  /** The missing rule, when a security group dropped the packet. */
  rule?: RuleName;
  /** The fault that causes it, if any. */
  fault?: Fault;
}

/** Whether the nodes establish BGP sessions: BIRD runs, and TCP 179 is open. */
export function bgpEstablished(plan: LabPlan): boolean {
  return plan.bgp.enabled && letsThrough(plan, "bgp");
}

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
    const atPod = {
      ...probe,
      ...(probe.protocol !== "icmp" && { port: SERVICE_PORTS[probe.protocol].target }),
    };
    return exchange(plan, from, podBehind(to), atPod);
  }
  if (to.kind !== "nodeport") return exchange(plan, from, to, probe);
  const toEntry = exchange(plan, from, { kind: "node", node: to.entry }, probe);
  if (toEntry || to.policy === "Local") return toEntry;
  const atPod = { ...probe, port: SERVICE_PORTS.tcp.target };
  return exchange(plan, { kind: "node", node: to.entry }, podBehind(to), atPod);
}

/** Where a probe can start. */
export type Sender = Extract<Host, { kind: "pod" | "node" }>;

const podBehind = ({ pod, node }: { pod: PodPlan; node: NodePlan }) => ({ kind: "pod", pod, node }) as const;

/** A packet and its answer between two hosts. */
function exchange(plan: LabPlan, sender: Sender, to: Host, probe: Probe): Drop | undefined {
  const from = sender.kind === "node" ? onItsDevice(plan, sender.node, to) : sender;
  const translated = plan.ipPool.natOutgoing && from.kind === "pod" && to.kind !== "pod";
  const there = oneWay(plan, { from, to, probe, translated, dontFragment: true, seen: [] });
  if (there.drop) return { ...there.drop, onReturn: false };
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
  return back.drop && { ...back.drop, onReturn: true };
}

/** A node with the source address that it chooses for a packet: that of the device by which it leaves. */
function onItsDevice(plan: LabPlan, node: NodePlan, to: Host): Sender {
  const routed = to.kind === "pod" && to.node.name !== node.name && !lacksRoutes(plan);
  const tunneled = routed && carrierBetween(plan, node, to.node) !== "direct";
  return { kind: "node", node, ...(tunneled && { address: node.tunnelAddress }) };
}

/** Whether the nodes have no routes to each other's blocks. */
const lacksRoutes = (plan: LabPlan): boolean => routesNeedBgp(plan) && !bgpEstablished(plan);

interface Leg {
  from: Host;
  to: Host;
  probe: Probe;
  /** Whether natOutgoing gives the packet its node's address. */
  translated: boolean;
  /** Linux sets DF on a probe that asks for it, and never on an echo reply, which it fragments instead. */
  dontFragment: boolean;
  /** The packets of the other direction: a stateful group lets their reverse pass, as an answer. */
  seen: readonly Wire[];
}
type Outcome = { drop?: Omit<Drop, "onReturn">; wires: Wire[] };

function oneWay(plan: LabPlan, leg: Leg): Outcome {
  const { from, to } = leg;
  if (from.kind === "internet") return fromInternet(plan, leg);
  if (to.kind === "internet") return toInternet(plan, leg, from.node);
  if (from.node.name === to.node.name) return { wires: [] };
  // A tunnel device's address is in the node's block, so it is reached as the node's pods are.
  if (isPod(plan, addressOf(to))) return toBlock(plan, leg, from.node, to.node);
  return betweenNodes(plan, leg, from.node, to.node, inner(leg), passesGateway(plan, from.node, to.node));
}

const addressOf = (end: Sender): string =>
  end.kind === "pod" ? end.pod.address : (end.address ?? end.node.address);

/** The packet without any tunnel around it. */
function inner({ from, to, probe, translated }: Leg): Wire {
  const source =
    from.kind === "internet" ? INTERNET.address : translated ? from.node.address : addressOf(from);
  const destination = to.kind === "internet" ? INTERNET.address : addressOf(to);
  return { source, destination, protocol: probe.protocol, port: probe.port };
}

function toBlock(plan: LabPlan, leg: Leg, a: NodePlan, b: NodePlan): Outcome {
  const packet = inner(leg);
  if (lacksRoutes(plan)) {
    // Without a route to the block, the packet follows the node's default route to the gateway, un-encapsulated.
    const astray = betweenNodes(plan, leg, a, b, packet, true);
    return astray.drop
      ? {
          ...astray,
          drop: { ...astray.drop, cause: "no-bgp-route", rule: "bgp", fault: ruleOf(plan, "bgp").closedBy },
        }
      : astray;
  }
  const carrier = carrierBetween(plan, a, b);
  if (carrier === "direct") return betweenNodes(plan, leg, a, b, packet, passesGateway(plan, a, b));
  const outer: Wire = { source: a.address, destination: b.address, ...OUTER[carrier] };
  if (leg.dontFragment && leg.probe.size > plan.mtu.tunnel) {
    const fault = plan.faults.find((name) => name === "mtu-too-big");
    const hop = `${TUNNELS[carrier].device} of ${a.name}`;
    return { drop: { cause: "mtu", hop, packet: describe(packet), fault }, wires: [] };
  }
  return betweenNodes(plan, leg, a, b, outer, passesGateway(plan, a, b));
}

const OUTER = { ipip: { protocol: "4" }, vxlan: { protocol: "udp", port: VXLAN.port } } as const;

/** From port to port: outgoing anti-spoofing, the gateway if on the path, incoming anti-spoofing, security group. */
function betweenNodes(
  plan: LabPlan,
  leg: Leg,
  a: NodePlan,
  b: NodePlan,
  wire: Wire,
  viaGateway: boolean,
): Outcome {
  const wires = [wire];
  const packet = describe(wire);
  const { gateway, dropsIpip, antiSpoofing } = fabricFacts(plan);
  const { out = [], in: into = [] } = antiSpoofing?.checks ?? {};
  if (out.includes("source") && spoofed(plan, wire.source, a))
    return { drop: { ...spoofing(plan), hop: `${a.name}'s port`, packet }, wires };
  if (wire.protocol === "4" && dropsIpip) return { drop: { cause: "protocol", hop: gateway, packet }, wires };
  if (viaGateway && isPod(plan, wire.destination) && plan.podRoutes.length === 0) {
    return { drop: { cause: "gateway", hop: gateway, packet }, wires };
  }
  if (
    (into.includes("source") && spoofed(plan, wire.source, a)) ||
    (into.includes("destination") && spoofed(plan, wire.destination, b))
  )
    return { drop: { ...spoofing(plan), hop: `${b.name}'s port`, packet }, wires };
  const refused = refusedBy(plan, wire, leg.seen);
  if (refused)
    return {
      drop: { cause: "security-group", hop: `${b.name}'s security group`, packet, ...refused },
      wires,
    };
  return { wires };
}

function toInternet(plan: LabPlan, leg: Leg, a: NodePlan): Outcome {
  const wire = inner(leg);
  const packet = describe(wire);
  const { antiSpoofing, snat } = fabricFacts(plan);
  if (antiSpoofing?.checks.out.includes("source") && spoofed(plan, wire.source, a)) {
    return { drop: { ...spoofing(plan), hop: `${a.name}'s port`, packet }, wires: [wire] };
  }
  if (leg.probe.size > INTERNET.mtu) {
    return { drop: { cause: "mtu", hop: fabricFacts(plan).gateway, packet }, wires: [wire] };
  }
  // Unless the gateway translates a pod's address like a node's, the internet has no route back to it.
  if (isPod(plan, wire.source) && snat === "subnets")
    return { drop: { cause: "no-answer", hop: "the internet", packet }, wires: [wire] };
  return { wires: [wire] };
}

/** The internet host only answers, and its answers match the state that the probe left at every hop. */
function fromInternet(plan: LabPlan, leg: Leg): Outcome {
  const wire = inner(leg);
  // The gateway has translated the pod's packet and undoes that in the answer, but may have no route to the pod.
  if (!isPod(plan, wire.destination) || plan.podRoutes.length > 0) return { wires: [] };
  return { drop: { cause: "gateway", hop: fabricFacts(plan).gateway, packet: describe(wire) }, wires: [] };
}

/** Each pool's range, parsed once: a verdict asks thousands of times. */
const RANGES = new WeakMap<LabPlan["ipPool"], Cidr>();

function isPod({ ipPool }: LabPlan, address: string): boolean {
  const range = RANGES.get(ipPool) ?? parseCidr(ipPool.cidr);
  RANGES.set(ipPool, range);
  return contains(range, toNumber(address));
}

function spoofed(plan: LabPlan, address: string, node: NodePlan): boolean {
  if (!fabricFacts(plan).antiSpoofing || address === node.address) return false;
  return !(isPod(plan, address) && plan.antiSpoofing.allowsPods);
}

function spoofing(plan: LabPlan): Pick<Drop, "cause" | "fault"> {
  const fault = fabricFacts(plan).antiSpoofing?.fault;
  return { cause: "anti-spoofing", fault: plan.faults.find((name) => name === fault) };
}

/** The rule that is missing, if a stateful group drops the packet. */
function refusedBy(
  plan: LabPlan,
  wire: Wire,
  seen: readonly Wire[],
): Pick<Drop, "rule" | "fault"> | undefined {
  const { securityGroup, groupHasPods } = fabricFacts(plan);
  if (!securityGroup) return undefined;
  const isAnswer = seen.some(
    (other) =>
      // Each end of a VXLAN tunnel chooses its own source port, so no packet matches the state of another.
      !isVxlan(wire) &&
      other.source === wire.destination &&
      other.destination === wire.source &&
      other.protocol === wire.protocol &&
      other.port === wire.port,
  );
  if (isAnswer) return undefined;
  const source = isPod(plan, wire.source) ? "pods" : "nodes";
  const fits = plan.firewall.filter((rule) => rule.source === source && matches(rule, wire));
  if (fits.some(({ open }) => open)) return undefined;
  // With ML2/OVS the group also has the addresses of its ports' allowed address pairs.
  const inGroup = source === "pods" && groupHasPods && plan.antiSpoofing.allowsPods;
  if (inGroup && plan.firewall.some((rule) => rule.source === "nodes" && rule.open && matches(rule, wire)))
    return undefined;
  return { rule: fits[0]?.name, fault: fits[0]?.closedBy };
}

const isVxlan = ({ protocol, port }: Wire): boolean => protocol === "udp" && port === VXLAN.port;

function matches({ protocol, ports }: FirewallRule, wire: Wire): boolean {
  if (protocol === "all") return true;
  if (protocol !== wire.protocol) return false;
  return !ports || (wire.port !== undefined && wire.port >= ports[0] && wire.port <= ports[1]);
}

const NAMES: Record<FirewallRule["protocol"], string> = {
  icmp: "ICMP",
  tcp: "TCP",
  udp: "UDP",
  "4": "IP protocol 4",
  all: "any protocol",
};

function describe({ source, destination, protocol, port }: Wire): string {
  return `${source} > ${destination} (${NAMES[protocol]}${port === undefined ? "" : ` ${port}`})`;
}
