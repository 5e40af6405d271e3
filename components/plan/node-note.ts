/** The notes on what happens to a packet inside a node: routes, NAT, kube-proxy, and its tunnel. */
import type { Fault } from "../config";
import { gatewayHop } from "./bgp";
import { carrierBetween } from "./carrier";
import { TUNNELS } from "./encapsulation";
import { fabricFacts, passesGateway } from "./fabric";
import { FAULT_FACTS } from "./fault-facts";
import type { Hop, HopNote } from "./hop";
import type { LabPlan } from "./lab";
import { publicAddress } from "./note";
import { type Host, hostAddress, isPod, type Leg, targetAddress } from "./packet";
import type { Source } from "./path";
import { blockWith } from "./pool";
import type { Probe } from "./probe";
import { forwarded, madeOn, type Rewrite, rewritten } from "./rewrite";
import { hasRoute, routeTo } from "./route";
import { instanceRoute, tenantPortOf } from "./tenant";
import { type NodePlan, subnetOf } from "./topology";
import { tunnelNotes } from "./tunnel-note";

/** The device of a pod, and of an instance, in its own namespace. */
const POD_DEVICE = "eth0";

/** What each hop inside a node says of a packet. */
export function nodeNotes(plan: LabPlan, leg: Leg) {
  const { from, to, service, client } = leg;
  const { nic } = fabricFacts(plan);
  const keep = (note: HopNote, direction: Hop["direction"] = leg.direction) => leg.keep?.(direction, note);
  const there = leg.direction === "there";
  // kube-proxy sends the packet on, so its node makes none.
  const isRelayed = from.kind === "node" && (there ? client !== undefined : from.forwards === true);

  const caliOf = ({ name, node, interface: known }: Source): string | undefined =>
    known ?? plan.nodes.find((one) => one.name === node)?.pods.find((pod) => pod.name === name)?.interface;

  /** The device by which a packet comes to the routing of the node that it leaves, or is delivered on. */
  const enters = (): string | undefined => {
    if (from.kind === "pod") return caliOf(from.pod);
    if (from.kind === "instance" && to.kind !== "internet") return tenantPortOf(plan, to.node)?.device;
    return isRelayed && there ? nic : undefined;
  };
  /** The gateway may send a packet by way of a node that is not its target's. */
  const comesBy = ({ name }: NodePlan): string | undefined =>
    from.kind !== "internet" && from.node.name === name ? enters() : nic;
  const arrivesBy = (): string | undefined => {
    if (from.kind === "instance") return enters();
    if (to.kind === "internet") return nic;
    const isForPod = isPod(plan, hostAddress(to));
    // The internet's answer may come by way of another node.
    const sender = from.kind === "internet" ? isForPod && gatewayHop(plan, to.node) : from.node;
    if (!sender || (from.kind === "internet" && sender.name === to.node.name)) return nic;
    if (sender.name === to.node.name) return enters();
    const address = hostAddress(to);
    const isTunneled = isForPod && hasRoute(plan, sender, to.node, address);
    const carrier = isTunneled ? carrierBetween(plan, sender, to.node, address) : "direct";
    return carrier === "direct" ? nic : TUNNELS[carrier].device;
  };

  /** A node's kernel chooses a route. What the node has made itself is not forwarded, and keeps its TTL. */
  const kernel = (node: NodePlan, decision: string, out?: string, by = enters()) =>
    keep({
      kind: "kernel",
      name: `${node.name}'s kernel`,
      node: node.name,
      device: { ...(by && { in: by }), ...(out && { out }) },
      decision,
      ...((by || isRelayed) && { change: forwarded }),
    });
  const nat = (kind: "nat" | "kube-proxy", { name: node }: NodePlan, decision: string, rewrite?: Rewrite) =>
    keep({
      kind,
      name: kind === "nat" ? `${node}'s kernel` : `${node}'s kube-proxy`,
      node,
      decision,
      ...(rewrite && { change: (packet) => rewritten(packet, rewrite) }),
    });

  const podGets = (node: NodePlan, pod: Source) =>
    keep({
      kind: "pod",
      name: pod.name,
      node: node.name,
      device: { in: POD_DEVICE },
      decision: "delivered",
      delivered: true,
    });
  const toPod = (node: NodePlan, pod: Source) => {
    const out = caliOf(pod);
    kernel(node, `${pod.address} dev ${out} scope link`, out, arrivesBy());
    podGets(node, pod);
  };
  const podSends = (node: NodePlan, pod: Source, made: HopNote["made"], direction?: Hop["direction"]) =>
    keep(
      {
        kind: "pod",
        name: pod.name,
        node: node.name,
        device: { out: POD_DEVICE },
        decision: `default via 169.254.1.1 dev ${POD_DEVICE}`,
        made,
      },
      direction,
    );

  /** The packet as its end makes it, for the address and port that it knows. */
  const made = () => {
    const { address: destination, port: destinationPort } = service ?? {};
    return service && there ? rewritten(madeOn(leg), { destination, destinationPort }) : madeOn(leg);
  };
  const makes = () => {
    if (isRelayed) return;
    if (from.kind === "internet") {
      const answer = rewritten(madeOn(leg), {
        destination: to.kind === "internet" ? "" : publicAddress(plan, to.node),
      });
      keep({ kind: "internet", name: "the internet", decision: "answers", made: answer });
    } else if (from.kind === "pod") podSends(from.node, from.pod, made());
    else if (from.kind === "instance") {
      const { name } = from.instance;
      const decision = there ? instanceRoute(plan, to) : "answers";
      const device = { out: POD_DEVICE };
      keep({ kind: "instance", name, node: from.node.name, device, decision, made: made() });
    } else {
      const { name } = from.node;
      const decision = there ? `takes the source address ${hostAddress(from)}` : "answers";
      keep({ kind: "node", name, node: name, decision, made: made() });
    }
  };

  const notes = {
    ...tunnelNotes(plan, leg),
    /** @param mtu the pod's own, if the packet is longer. */
    sent(mtu: number | undefined): void {
      makes();
      if (mtu !== undefined && from.kind === "pod") {
        const [name, decision] = [`${POD_DEVICE} of ${from.pod.name}`, `MTU ${mtu}, and DF is set`];
        keep({ kind: "link", name, node: from.node.name, device: { out: POD_DEVICE }, decision });
      } else if (service && there && from.kind !== "internet" && to.kind === "pod") {
        const [{ address: destination }, { port: destinationPort }] = [to.pod, leg.probe];
        const decision = `${spelled(service)} is ${spelled({ address: destination, port: destinationPort })}`;
        if (client === undefined) nat("kube-proxy", from.node, decision, { destination, destinationPort });
        else {
          const source = hostAddress(from);
          const whole = `${decision}; the source becomes the node's ${source}`;
          nat("kube-proxy", from.node, whole, { source, destination, destinationPort });
        }
      }
    },
    /** kube-proxy has no endpoint for the Service. */
    noEndpoint({ name }: NodePlan): void {
      makes();
      const decision = `no endpoint for ${service ? spelled(service) : ""}: rejects the packet`;
      keep({ kind: "kube-proxy", name: `${name}'s kube-proxy`, node: name, decision });
    },
    leaves(node: NodePlan): void {
      kernel(node, `default via ${subnetOf(plan, node).gateway} dev ${nic}`, nic);
      masquerades(node);
    },
    toNode(node: NodePlan, peer: NodePlan): void {
      const subnet = subnetOf(plan, node);
      const isNear = !passesGateway(plan, node, peer);
      kernel(node, isNear ? `${subnet?.cidr} dev ${nic}` : `default via ${subnet?.gateway} dev ${nic}`, nic);
      masquerades(node);
    },
    toBlock(node: NodePlan, peer: NodePlan): void {
      const { block, via, device, onlink } = routeTo(plan, node, peer, targetAddress(to));
      kernel(node, `${block} via ${via} dev ${device}${onlink ? " onlink" : ""}`, device, comesBy(node));
    },
    /** Without a route to the block, by the default route. */
    astray(node: NodePlan, peer: NodePlan): void {
      const route = `default via ${subnetOf(plan, node).gateway} dev ${nic}`;
      kernel(node, `no route to ${blockWith(peer, targetAddress(to))}: ${route}`, nic, comesBy(node));
    },
    lostInKernel(node: string, fault: Fault): void {
      const by = from.kind !== "internet" && from.node.name === node ? enters() : arrivesBy();
      const decision = FAULT_FACTS[fault].means;
      keep({ kind: "kernel", name: `${node}'s kernel`, node, device: { ...(by && { in: by }) }, decision });
    },
    /** The packet has come to the node of its target. */
    arrives(): void {
      if (to.kind === "internet") return;
      const { node } = to;
      if (to.kind === "instance") {
        const { name } = to.instance;
        const device = { in: POD_DEVICE };
        keep({ kind: "instance", name, node: node.name, device, decision: "delivered", delivered: true });
        return;
      }
      if (!there && service) {
        const { address: source, port: sourcePort } = service;
        const decision = `answer: the source becomes ${spelled(service)} again`;
        nat("kube-proxy", node, decision, { source, sourcePort, ...(client && { destination: client }) });
      }
      if (leg.masqueraded) {
        const { pod } = leg.masqueraded;
        nat("nat", node, `answer: masquerading undone, to ${pod.address}`, { destination: pod.address });
        toPod(node, pod);
      } else if (to.kind === "pod") toPod(node, to.pod);
      else if (!to.forwards && !(client && !there)) {
        const decision = `delivered: ${hostAddress(to)} is its own`;
        keep({
          kind: "node",
          name: node.name,
          node: node.name,
          device: { in: arrivesBy() },
          decision,
          delivered: true,
        });
      }
    },
    /** With the policy `Local`, the pod of the node that was asked answers the client itself. */
    throughLocalPod({ pod, node }: Extract<Host, { kind: "pod" }>, probe: Probe, asked: NodePlan): void {
      const entry = { address: asked.address, port: leg.probe.port };
      const [destination, destinationPort] = [pod.address, probe.port];
      const decision = `${spelled(entry)} is ${spelled({ address: destination, port: destinationPort })}; the source stays`;
      nat("kube-proxy", node, decision, { destination, destinationPort });
      toPod(node, pod);
      const answer = madeOn({ ...leg, probe, direction: "back", from: { kind: "pod", pod, node }, to: from });
      podSends(node, pod, answer, "back");
      const name = `${node.name}'s kube-proxy`;
      keep(
        {
          kind: "kube-proxy",
          name,
          node: node.name,
          decision: `answer: the source becomes ${spelled(entry)} again`,
          change: (packet) => rewritten(packet, { source: entry.address, sourcePort: entry.port }),
        },
        "back",
      );
    },
  };
  /** After the route was chosen, natOutgoing gives the packet its node's address. */
  const masquerades = (node: NodePlan) => {
    const source = node.address;
    if (leg.translated) nat("nat", node, `natOutgoing: masquerade as ${source}`, { source });
  };
  return notes;
}

const spelled = ({ address, port }: { address: string; port?: number }): string =>
  port === undefined ? address : `${address}:${port}`;
