/** Which BGP sessions of the full mesh come up. */
import type { Fault } from "../config";
import { letsThrough } from "./firewall";
import { closedOn } from "./host";
import type { LabPlan } from "./lab";
import type { NodePlan } from "./topology";
import { isMisrecorded } from "./vpn";

/**
 * Which of two nodes opens their session. The other one waits: Calico's template for BIRD makes a node passive towards
 * every peer with a greater address, compared as text (confd, bird.cfg.template: "Mesh is unidirectional").
 */
export const opensSession = (one: NodePlan, other: NodePlan): boolean => one.address > other.address;

/** The fault that keeps two nodes from establishing their session, if there is one. */
export function sessionFault(plan: LabPlan, a: NodePlan, b: NodePlan): Fault | undefined {
  // Each end sends from the address that is recorded for it, and to the one that is recorded for the other.
  if (isMisrecorded(a) || isMisrecorded(b)) return "node-ip-wrong-interface";
  const [opens, waits] = opensSession(a, b) ? [a, b] : [b, a];
  const rejected = waits.host.broken.find((fault) => fault === "host-firewall-reject");
  return closedOn(plan, "bgp", opens, "out") ?? closedOn(plan, "bgp", waits, "in") ?? rejected;
}

/** Whether two nodes establish their BGP session: BIRD runs, and the TCP 179 of one reaches the other. */
export const sessionUp = (plan: LabPlan, a: NodePlan, b: NodePlan): boolean =>
  plan.bgp.enabled && letsThrough(plan, "bgp") && sessionFault(plan, a, b) === undefined;

/** Whether all nodes establish all their BGP sessions. */
export function bgpEstablished(plan: LabPlan): boolean {
  if (!plan.bgp.enabled || !letsThrough(plan, "bgp")) return false;
  const { nodes } = plan;
  // Most labs close nothing on single nodes, and a hundred nodes have five thousand sessions.
  if (nodes.every(({ host }) => host.closed.length === 0 && host.broken.length === 0)) return true;
  return nodes.every((a, i) => nodes.slice(i + 1).every((b) => sessionUp(plan, a, b)));
}
