/**
 * Traces one packet through the planned lab, hop by hop, as the nodes, the fabric and the gateway would treat it.
 * The verdict is made of such traces; the twin does the same with real packets.
 */
import type { Direction, Fault } from "../config";
import { type Cidr, contains, parseCidr, toNumber } from "./addressing";
import { sessionFault, sessionUp } from "./bgp";
import { carrierBetween } from "./carrier";
import { routesNeedBgp, TUNNELS, VXLAN } from "./encapsulation";
import { type Endpoint, INTERNET } from "./endpoint";
import { fabricFacts, passesGateway } from "./fabric";
import { SMALLER_BY } from "./fault-facts";
import { ruleOf } from "./firewall";
import { closedOn } from "./host";
import type { LabPlan } from "./lab";
import type { Probe } from "./probe";
import type { FirewallRule, RuleName } from "./rule";
import { SERVICE_PORTS } from "./service";
import type { NodePlan, PodPlan } from "./topology";

/**
 * Where a packet is made or delivered. A node sends into a tunnel from its tunnel device's address. With `forwards` it does
 * not keep the packet: kube-proxy sends it on to a pod.
 */
type Host =
  | { kind: "pod"; pod: Pick<PodPlan, "address">; node: NodePlan }
  | { kind: "node"; node: NodePlan; address?: string; forwards?: boolean }
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
  cause:
    | "no-bgp-route"
    | "anti-spoofing"
    | "protocol"
    | "gateway"
    | "security-group"
    | "host-firewall"
    | "host"
    | "mtu"
    | "no-answer";
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

/**
 * Traces a probe and its answer. kube-proxy rewrites a Service's address on the node where the packet is, before it is
 * routed, so the rest is the way to the pod behind the Service. A NodePort takes two traces: the client's to the node, and
 * with the policy `Cluster` the node's to the pod, because kube-proxy gives the packet the node's address (Kubernetes
 * documentation, "Using Source IP").
 *
 * @param from never an endpoint of kind `service`, `nodeport` or `internet`, which send nothing by themselves.
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
  const toEntry = exchange(plan, from, { kind: "node", node: to.entry, forwards: true }, probe);
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

/** A node with the source address that it chooses for a packet: that of the device by which it leaves. */
function onItsDevice(plan: LabPlan, node: NodePlan, to: Host): Sender {
  const routed = to.kind === "pod" && to.node.name !== node.name && !lacksRoute(plan, node, to.node);
  const tunneled = routed && carrierBetween(plan, node, to.node) !== "direct";
  return { kind: "node", node, ...(tunneled && { address: node.tunnelAddress }) };
}

/** Whether two nodes have no routes to each other's blocks. */
const lacksRoute = (plan: LabPlan, a: NodePlan, b: NodePlan): boolean =>
  routesNeedBgp(plan) && !sessionUp(plan, a, b);

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

/** A packet on its way from one endpoint to another: through the kernel of its node, across, and into its target. */
function oneWay(plan: LabPlan, leg: Leg): Outcome {
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
function notForwarded({ name, host }: NodePlan, leg: Leg): Outcome["drop"] {
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
): Outcome["drop"] {
  if (!b.host.broken.includes("rp-filter-strict")) return undefined;
  const packet = inner(leg);
  const [wire] = wires;
  const came = wire?.protocol === "4" ? "ipip" : wire && isVxlan(wire) ? "vxlan" : "direct";
  const leaves =
    isPod(plan, packet.source) && !lacksRoute(plan, b, a) ? carrierBetween(plan, b, a) : "direct";
  return came === leaves
    ? undefined
    : { cause: "host", hop: `${b.name}'s kernel`, packet: describe(packet), fault: "rp-filter-strict" };
}

function travel(plan: LabPlan, leg: Leg): Outcome {
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
  if (lacksRoute(plan, a, b)) {
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
  const outer: Wire = { source: a.address, destination: b.address, ...OUTER[carrier] };
  if (leg.dontFragment && leg.probe.size > plan.mtu.tunnel) {
    const fault = plan.faults.includes("mtu-too-big") ? "mtu-too-big" : undefined;
    const hop = `${TUNNELS[carrier].device} of ${a.name}`;
    return { drop: { cause: "mtu", hop, packet: describe(packet), fault }, wires: [] };
  }
  return betweenNodes(plan, leg, a, b, outer, passesGateway(plan, a, b));
}

/** The packet's length on the wire, in bytes. */
const lengthOf = (plan: LabPlan, leg: Leg, { protocol, port }: Wire): number =>
  leg.probe.size + (protocol === "4" || port === VXLAN.port ? plan.mtu.link - plan.mtu.tunnel : 0);

const OUTER = { ipip: { protocol: "4" }, vxlan: { protocol: "udp", port: VXLAN.port } } as const;

/**
 * From node to node: the sender's own firewall, outgoing anti-spoofing, the gateway if on the path, incoming
 * anti-spoofing, the security group, the receiver's own firewall.
 */
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

function toInternet(plan: LabPlan, leg: Leg, a: NodePlan): Outcome {
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
  return !(isPod(plan, address) && node.host.allowsPods);
}

/** Where the check should let pod addresses through and does not, a fault keeps it from doing so. */
function spoofing(plan: LabPlan, node: NodePlan): Pick<Drop, "cause" | "fault"> {
  const fault = fabricFacts(plan).antiSpoofing?.fault;
  return {
    cause: "anti-spoofing",
    fault: plan.antiSpoofing.needed && !node.host.allowsPods ? fault : undefined,
  };
}

/** The rule that is missing, if a stateful group drops the packet. */
function refusedBy(
  plan: LabPlan,
  wire: Wire,
  seen: readonly Wire[],
  node: NodePlan,
): Pick<Drop, "rule" | "fault"> | undefined {
  const { securityGroup, groupHasPods } = fabricFacts(plan);
  if (!securityGroup || isAnswer(wire, seen)) return undefined;
  const source = isPod(plan, wire.source) ? "pods" : "nodes";
  const passes = (rule: FirewallRule) => rule.open && !closedOn(plan, rule.name, node, "in");
  const fits = plan.firewall.filter((rule) => rule.source === source && matches(rule, wire));
  if (fits.some(passes)) return undefined;
  // With ML2/OVS the group also has the addresses of its ports' allowed address pairs.
  const inGroup = source === "pods" && groupHasPods && plan.antiSpoofing.allowsPods;
  if (inGroup && plan.firewall.some((rule) => rule.source === "nodes" && passes(rule) && matches(rule, wire)))
    return undefined;
  const [rule] = fits;
  return { rule: rule?.name, fault: rule && closedOn(plan, rule.name, node, "in") };
}

/** The rule that a node's own firewall closes, if it drops the packet. It is stateful, as a group is. */
function blockedBy(
  plan: LabPlan,
  wire: Wire,
  { to, seen }: Leg,
  { host, address }: NodePlan,
  direction: Direction,
): Pick<Drop, "rule" | "fault"> | undefined {
  if (isAnswer(wire, seen)) return undefined;
  // ICMP and SSH are what Oracle's images let in (wardroom#201). Forwarded packets, as those to NodePorts, pass another chain.
  const isForOthers = wire.destination !== address || (to.kind === "node" && to.forwards === true);
  if (
    direction === "in" &&
    wire.protocol !== "icmp" &&
    !isForOthers &&
    host.broken.includes("host-firewall-reject")
  )
    return { fault: "host-firewall-reject" };
  if (fabricFacts(plan).securityGroup) return undefined;
  const closed = host.closed.find(
    (one) => one.direction === direction && matches(ruleOf(plan, one.rule), wire),
  );
  return closed && { rule: closed.rule, fault: closed.fault };
}

/** Whether the packet matches the state that a packet of the other direction has left. */
const isAnswer = (wire: Wire, seen: readonly Wire[]): boolean =>
  seen.some(
    (other) =>
      // Each end of a VXLAN tunnel chooses its own source port, so no packet matches the state of another.
      !isVxlan(wire) &&
      other.source === wire.destination &&
      other.destination === wire.source &&
      other.protocol === wire.protocol &&
      other.port === wire.port,
  );

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
