/** Which BGP sessions come up, and which routes nodes and gateway learn over them. */
import type { Fault } from "../config";
import { toNumber } from "./addressing";
import { letsThrough } from "./firewall";
import { closedOn } from "./host";
import type { LabPlan } from "./lab";
import { arePeers, gatewayReflects, isIbgp, isReflector } from "./peering";
import { remember } from "./remember";
import { crossesLink, linkFault } from "./site";
import type { NodePlan } from "./topology";
import { isMisrecorded, recordedIp } from "./vpn";

/**
 * Which of two nodes opens their session. The other one waits: Calico's template for BIRD makes a node passive towards
 * every peer of the mesh, and every other node that a BGPPeer selects, with a greater address, compared as text (confd,
 * bird.cfg.template: "Mesh is unidirectional", "Peering is unidirectional").
 */
export const opensSession = (one: NodePlan, other: NodePlan): boolean => one.address > other.address;

const hasNoBird = ({ host }: NodePlan): boolean => host.broken.includes("reflector-down");

/** Whether BIRD runs on a node. */
export const runsBird = ({ bgp }: Pick<LabPlan, "bgp">, node: NodePlan): boolean =>
  bgp.enabled && !hasNoBird(node);

/** The fault that keeps two nodes from establishing their session, if there is one. */
export function sessionFault(plan: LabPlan, a: NodePlan, b: NodePlan): Fault | undefined {
  if (hasNoBird(a) || hasNoBird(b)) return "reflector-down";
  // Each end sends from the address that is recorded for it, and to the one that is recorded for the other.
  if (isMisrecorded(a) || isMisrecorded(b)) return "node-ip-wrong-interface";
  const [opens, waits] = opensSession(a, b) ? [a, b] : [b, a];
  const rejected = waits.host.broken.find((fault) => fault === "host-firewall-reject");
  const onLink = crossesLink(a, b) ? linkFault(plan) : undefined;
  return closedOn(plan, "bgp", opens, "out") ?? closedOn(plan, "bgp", waits, "in") ?? rejected ?? onLink;
}

/** Whether two nodes establish their BGP session: they are peers, BIRD runs, and the TCP 179 of one reaches the other. */
export const sessionUp = (plan: LabPlan, a: NodePlan, b: NodePlan): boolean =>
  arePeers(plan, a, b) && letsThrough(plan, "bgp") && sessionFault(plan, a, b) === undefined;

/** The fault that keeps a node and the gateway from establishing their session: the node opens it. */
const gatewayFault = (plan: LabPlan, node: NodePlan): Fault | undefined => {
  if (hasNoBird(node)) return "reflector-down";
  return isMisrecorded(node) ? "node-ip-wrong-interface" : closedOn(plan, "bgp", node, "out");
};

/** Whether a node establishes a BGP session with the gateway. */
export const gatewaySessionUp = (plan: LabPlan, node: NodePlan): boolean =>
  plan.bgp.gatewayAsNumber !== undefined && gatewayFault(plan, node) === undefined;

/** Whether all sessions of all nodes are established. */
export function bgpEstablished(plan: LabPlan): boolean {
  if (!plan.bgp.enabled || !letsThrough(plan, "bgp")) return false;
  const { nodes, bgp } = plan;
  // Most labs close nothing on single nodes, and a hundred nodes have five thousand sessions.
  if (nodes.every(({ host }) => host.closed.length === 0 && host.broken.length === 0) && !linkFault(plan))
    return true;
  if (bgp.gatewayAsNumber !== undefined && !nodes.every((node) => gatewaySessionUp(plan, node))) return false;
  return nodes.every((a, i) =>
    nodes.slice(i + 1).every((b) => !arePeers(plan, a, b) || sessionUp(plan, a, b)),
  );
}

/** The nodes that reflect routes. */
const reflectorsOf = (plan: LabPlan): NodePlan[] => plan.nodes.filter((node) => isReflector(plan, node));

/**
 * Whether a node's BIRD learns the block of another one: over their session, or by a route reflector that both have a session
 * with. A reflector passes on what a client tells it to all peers, and what another reflector tells it to its clients alone
 * (RFC 4456, 6). All reflectors of a lab have one cluster ID, so they are no clients of each other (confd, bird.cfg.template:
 * "rr client"), and a route that one has reflected does not pass a second one (calico#2735).
 */
export function learns(plan: LabPlan, node: NodePlan, peer: NodePlan): boolean {
  if (!plan.bgp.exports) return false;
  if (sessionUp(plan, node, peer)) return true;
  if (gatewayReflects(plan) && gatewaySessionUp(plan, node) && gatewaySessionUp(plan, peer)) return true;
  if (isReflector(plan, node) && isReflector(plan, peer)) return false;
  const far = upReflectors(plan, peer);
  return upReflectors(plan, node).some((one) => far.includes(one));
}

/** The reflectors with which a node has a session. */
const upReflectors = remember((plan, node: NodePlan) =>
  reflectorsOf(plan).filter((one) => one.name !== node.name && sessionUp(plan, node, one)),
);

/** The fault because of which a node does not learn another's block, if there is one. */
export function routeFault(plan: LabPlan, node: NodePlan, peer: NodePlan): Fault | undefined {
  if (gatewayReflects(plan)) return gatewayFault(plan, node) ?? gatewayFault(plan, peer);
  if (arePeers(plan, node, peer)) return sessionFault(plan, node, peer);
  const faults = reflectorsOf(plan).map(
    (one) => sessionFault(plan, node, one) ?? sessionFault(plan, one, peer),
  );
  return faults.find((fault) => fault !== undefined);
}

/**
 * The node to which the gateway sends what is for the pods of a node; undefined if it does not know them. With static routes,
 * and with iBGP, it is the node itself.
 *
 * Over eBGP, nodes also tell the gateway what they have learned from each other, and with their own address as the next hop
 * unless they keep the original one. All paths are then equally long, so BIRD takes that of the lowest router ID, which is
 * the node's address (BIRD user's guide, 6.3 "Route selection rules").
 */
export function gatewayHop(plan: LabPlan, node: NodePlan): NodePlan | undefined {
  if (plan.podRoutes.length > 0) return node;
  if (plan.bgp.gatewayAsNumber === undefined || !plan.bgp.exports) return undefined;
  return learnedHop(plan, node);
}

const learnedHop = remember((plan, node: NodePlan): NodePlan | undefined => {
  const tells = (other: NodePlan) =>
    gatewaySessionUp(plan, other) && (other.name === node.name || learns(plan, other, node));
  if (isIbgp(plan)) {
    // What a node has learned over iBGP it tells no iBGP peer, unless it reflects routes: the gateway is its client.
    const known = gatewaySessionUp(plan, node) || reflectorsOf(plan).some(tells);
    return known ? node : undefined;
  }
  const by = plan.nodes
    .filter(tells)
    .reduce<NodePlan | undefined>(
      (first, one) => (first && routerId(first) < routerId(one) ? first : one),
      undefined,
    );
  return by && plan.bgp.keepsNextHop ? node : by;
});

const routerId = (node: NodePlan): number => toNumber(recordedIp(node));

/** Whether the gateway sends what is for a node's pods by another node. */
export const hasDetours = (plan: LabPlan): boolean =>
  plan.bgp.gatewayAsNumber !== undefined &&
  plan.nodes.some((node) => (gatewayHop(plan, node) ?? node).name !== node.name);

/** The fault because of which the gateway does not know a node's pods, if there is one. */
export const gatewayRouteFault = (plan: LabPlan, node: NodePlan): Fault | undefined =>
  plan.bgp.gatewayAsNumber === undefined ? undefined : gatewayFault(plan, node);

/** Every two nodes that are to have a session, each pair once. */
export const peersOf = (plan: LabPlan): [NodePlan, NodePlan][] =>
  plan.nodes.flatMap((a, i) =>
    plan.nodes
      .slice(i + 1)
      .filter((b) => arePeers(plan, a, b))
      .map((b): [NodePlan, NodePlan] => [a, b]),
  );
