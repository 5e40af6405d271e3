/** How one node differs from a healthy one. Only faults make a difference, and only `withFaults` sets it. */
import type { Direction, Fault } from "../config";
import { fabricFacts } from "./fabric";
import { ruleOf } from "./firewall";
import type { LabPlan } from "./lab";
import { poolAt } from "./pool";
import type { RuleName } from "./rule";
import type { NodePlan } from "./topology";

/** A rule of the firewall table that is closed on one node: in its own group, or by the node's own firewall. */
export interface ClosedRule {
  rule: RuleName;
  direction: Direction;
  /** The fault that closes it. */
  fault: Fault;
}

/** The state of one node that a fault can change. */
export interface HostPlan {
  /** Whether the anti-spoofing check at the node's port lets pod addresses through. */
  allowsPods: boolean;
  /** What is closed on this node although the group of all nodes has the rule, or although there is no group. */
  closed: readonly ClosedRule[];
  /** The faults of the node's own kernel, firewall and link. */
  broken: readonly Fault[];
}

/** A node without any fault, on a fabric without anti-spoofing. */
export const HEALTHY_HOST: HostPlan = { allowsPods: false, closed: [], broken: [] };

/** What a node's state is read from. */
interface WithHost {
  host: HostPlan;
}

/** The fault that closes a rule on a node; undefined where the rule is open there, or not needed. */
export function closedOn(
  plan: Pick<LabPlan, "firewall" | "fabric">,
  name: RuleName,
  node: WithHost,
  direction: Direction,
): Fault | undefined {
  const own = node.host.closed.find((one) => one.rule === name && one.direction === direction);
  if (own) return own.fault;
  return fabricFacts(plan).securityGroup && direction === "in" ? ruleOf(plan, name).closedBy : undefined;
}

/** The nodes that have a firewall of their own. It is stateful, as a security group is. */
export const withFirewall = (plan: Pick<LabPlan, "fabric" | "nodes">): LabPlan["nodes"] =>
  plan.nodes.filter(
    ({ host }) =>
      host.broken.includes("host-firewall-reject") ||
      (!fabricFacts(plan).securityGroup && host.closed.length > 0),
  );

/** Whether all nodes are in the same state, so that it does not matter which of them a packet comes from or goes to. */
export function isUniform(plan: Pick<LabPlan, "nodes" | "ipPools">): boolean {
  const states = plan.nodes.map((node) =>
    JSON.stringify([node.host, node.recordedAddress.endsWith("/32"), ...poolState(plan, node)]),
  );
  return new Set(states).size <= 1;
}

/**
 * What of a node depends on the IPPools: the pools of its pods and of its tunnels' addresses, to which answers come, and the
 * disabled one around its own address. The same for all nodes of a lab with one pool.
 */
export function poolState(plan: Pick<LabPlan, "ipPools">, { pool, tunnels, address }: NodePlan): unknown[] {
  const poolOf = (one: string | undefined) => one && poolAt(plan, one)?.name;
  return pool ? [pool, ...[tunnels?.ipip?.address, tunnels?.vxlan?.address, address].map(poolOf)] : [];
}
