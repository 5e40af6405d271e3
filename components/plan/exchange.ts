/**
 * Sends one packet and its answer through the planned lab, hop by hop, as the nodes, the fabric and the gateway would treat
 * it. The verdict and every trace are made of this; the twin does the same with real packets.
 */
import type { Drop } from "./drop";
import type { Endpoint } from "./endpoint";
import type { Keep } from "./hop";
import { notForwarded, reversed } from "./kernel";
import type { LabPlan } from "./lab";
import { nodeNotes } from "./node-note";
import { describe, type Host, hostAddress, inner, type Leg, type Sender, targetAddress } from "./packet";
import { isNatted } from "./pool";
import type { Probe } from "./probe";
import { sourceTo } from "./route";
import { SERVICE_PORTS } from "./service";
import { addressInTenant } from "./tenant-travel";
import type { NodePlan, PodPlan } from "./topology";
import { travel } from "./travel";
import type { Passage } from "./underlay";

/**
 * Sends a probe and its answer. kube-proxy rewrites a Service's address on the node where the packet is, before it is
 * routed, so the rest is the way to the pod behind the Service. A NodePort takes two exchanges, one inside the other: the
 * client's with the node, and with the policy `Cluster` the node's with the pod, because kube-proxy gives the packet the
 * node's address (Kubernetes documentation, "Using Source IP").
 *
 * @param keep takes the hops. Without it none is made, which is what keeps a verdict of a hundred nodes fast.
 * @returns where the packet or its answer is lost; undefined when both arrive.
 */
export function dropOf(
  plan: LabPlan,
  from: Sender,
  to: Endpoint,
  probe: Probe,
  keep?: Keep,
): Drop | undefined {
  if (to.kind === "service") {
    const service = { name: to.service.name, address: to.service.address, port: probe.port };
    // Without an endpoint, kube-proxy rejects what is for the Service.
    if (probe.protocol === "udp" && from.node.host.broken.includes("dns-loop")) {
      const packet = { source: hostAddress(from), destination: to.service.address, ...probe };
      if (keep)
        nodeNotes(plan, { ...THERE, from, to: podBehind(to), probe, service, keep }).noEndpoint(from.node);
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
    return exchange(plan, { from, to: podBehind(to), probe: atPod, service, keep });
  }
  if (to.kind !== "nodeport") return exchange(plan, { from, to, probe, keep });
  const entry = { kind: "node", node: to.entry, forwards: true } as const;
  const atPod = { ...probe, port: SERVICE_PORTS.tcp.target };
  const pod = podBehind(to);
  const nodePort = { from, to: entry, probe, keep };
  if (to.policy === "Local") {
    const answers = () =>
      keep && nodeNotes(plan, { ...THERE, ...nodePort, keep }).throughLocalPod(pod, atPod, to.entry);
    return exchange(plan, nodePort, answers);
  }
  const service = { name: to.service.name, address: to.entry.address, port: probe.port };
  const sender = { kind: "node", node: to.entry } as const;
  // The answer goes back to the address by which the entry knows the client.
  const client = isTranslated(plan, from, entry) ? from.node.address : hostAddress(from);
  return exchange(plan, nodePort, () =>
    exchange(plan, { from: sender, to: pod, probe: atPod, service, client, keep }),
  );
}

const podBehind = ({ pod, node }: { pod: PodPlan; node: NodePlan }) => ({ kind: "pod", pod, node }) as const;

/** What the first direction of every exchange has in common. */
const THERE = { translated: false, dontFragment: true, seen: [], direction: "there" } as const;

/** A packet and its answer between two hosts. `client`: of a NodePort, when its node sends the packet on. */
type Exchange = { from: Sender; to: Host; probe: Probe } & Pick<Leg, "keep" | "service" | "client">;

/** @param beyond what happens when the packet has arrived, before it is answered. */
function exchange(
  plan: LabPlan,
  { from: sender, to, probe, keep, service, client }: Exchange,
  // biome-ignore lint/suspicious/noConfusingVoidType: a callback that only notes hops returns nothing.
  beyond?: () => Drop | undefined | void,
): Drop | undefined {
  const from = sender.kind === "node" ? onItsDevice(plan, sender.node, to) : sender;
  const leaves = leavesPool(plan, from, to);
  const translated = isTranslated(plan, from, to);
  // Masquerading takes the address of the device by which the packet leaves: of the node's port in the tenant network.
  const masquerade = to.kind === "instance" && translated ? addressInTenant(plan, from.node) : undefined;
  const there = oneWay(plan, {
    from,
    to,
    probe,
    translated,
    masquerade,
    dontFragment: true,
    seen: [],
    direction: "there",
    keep,
    service,
    client,
  });
  if (there.drop) return named(there.drop, leaves && !translated, false);
  const lost = beyond?.();
  if (lost) return lost;
  // The answer goes to the source address of the probe: the node's own, if natOutgoing rewrote it.
  const answerTo: Host = translated ? { kind: "node", node: from.node, address: masquerade } : from;
  const back = oneWay(plan, {
    from: to,
    to: answerTo,
    probe,
    translated: false,
    dontFragment: false,
    seen: there.wires,
    direction: "back",
    masqueraded: translated && from.kind === "pod" ? from : undefined,
    keep,
    service,
    client,
  });
  return back.drop && named(back.drop, leaves && !translated, true);
}

/** A packet that should have its node's address and has the pod's is lost because of that, wherever it is lost. */
const named = (drop: Omit<Drop, "onReturn">, lacksNat: boolean, onReturn: boolean): Drop => ({
  ...drop,
  // Without a port in the tenant network, no address would help.
  ...(lacksNat && !drop.fault && drop.cause !== "tenant-gateway" && { fault: "nat-missing" }),
  onReturn,
});

/** Whether natOutgoing is for a packet: it leaves the IPPools, and its node. */
const leavesPool = (plan: LabPlan, from: Sender, to: Host): boolean =>
  from.kind === "pod" &&
  to.kind !== "pod" &&
  !isLocal(from, to) &&
  isNatted(plan, from.pod.address, targetAddress(to));

const isTranslated = (plan: LabPlan, from: Sender, to: Host): boolean =>
  leavesPool(plan, from, to) && !from.node.host.broken.includes("nat-missing");

/** Whether both ends are on one node. */
const isLocal = (from: Sender, to: Host): boolean =>
  to.kind !== "internet" && to.kind !== "instance" && from.node.name === to.node.name;

/** A node with the source address that it chooses for a packet. */
const onItsDevice = (plan: LabPlan, node: NodePlan, to: Host): Sender => ({
  kind: "node",
  node,
  ...(to.kind === "pod" && { address: sourceTo(plan, node, to.node, to.pod.address) }),
});

/** A packet on its way from one endpoint to another: through the kernel of its node, across, and into its target. */
function oneWay(plan: LabPlan, leg: Leg): Passage {
  const { from, to } = leg;
  const notes = leg.keep && nodeNotes(plan, leg);
  const mtu =
    from.kind === "pod" && leg.dontFragment && leg.probe.size > plan.mtu.pod ? plan.mtu.pod : undefined;
  notes?.sent(mtu);
  if (mtu !== undefined && from.kind === "pod") return tooLongFor(mtu, `eth0 of ${from.pod.name}`, leg);
  // What is for the node itself is not forwarded.
  const isForNode = from.kind === "pod" && to.kind === "node" && isLocal(from, to);
  const sent = from.kind === "pod" && !isForNode ? notForwarded(plan, from.node, leg) : undefined;
  if (sent) return { drop: sent, wires: [] };
  const across = travel(plan, leg);
  const isFromInstance = from.kind === "instance";
  if (
    across.drop ||
    from.kind === "internet" ||
    to.kind === "internet" ||
    to.kind === "instance" ||
    (from.node.name === to.node.name && !isFromInstance)
  ) {
    if (!across.drop) notes?.arrives();
    return across;
  }
  const drop =
    // What an instance sends comes by the port's device, by which the answer leaves.
    (isFromInstance ? undefined : reversed(plan, leg, from.node, to.node, across.wires)) ??
    (to.kind === "pod" || to.forwards ? notForwarded(plan, to.node, leg) : undefined);
  if (!drop) notes?.arrives();
  return { ...across, drop };
}

/** A packet that its pod's own device does not take. */
function tooLongFor(limit: number, hop: string, leg: Leg): Passage {
  const packet = describe(inner({ ...leg, translated: false }));
  return { drop: { cause: "mtu", hop, packet, mtu: { size: leg.probe.size, limit } }, wires: [] };
}
