/** What drops a packet on purpose: anti-spoofing at a node's port, its security group, and its own firewall. */
import type { Direction } from "../config";
import type { Drop } from "./drop";
import { fabricFacts } from "./fabric";
import { ruleOf } from "./firewall";
import { closedOn } from "./host";
import type { LabPlan } from "./lab";
import { isAnswer, isPod, type Leg, type Wire } from "./packet";
import type { FirewallRule } from "./rule";
import type { NodePlan } from "./topology";

/** Whether the check at a node's port does not know the address. */
export function spoofed(plan: LabPlan, address: string, node: NodePlan): boolean {
  if (!fabricFacts(plan).antiSpoofing || address === node.address) return false;
  return !(isPod(plan, address) && node.host.allowsPods);
}

/** Where the check should let pod addresses through and does not, a fault keeps it from doing so. */
export function spoofing(plan: LabPlan, node: NodePlan): Pick<Drop, "cause" | "fault"> {
  const fault = fabricFacts(plan).antiSpoofing?.fault;
  return {
    cause: "anti-spoofing",
    fault: plan.antiSpoofing.needed && !node.host.allowsPods ? fault : undefined,
  };
}

/** The open rule that lets a packet into a node's security group. An answer needs none. */
export function ruleThatPasses(plan: LabPlan, wire: Wire, node: NodePlan): FirewallRule | undefined {
  const source = isPod(plan, wire.source) ? "pods" : "nodes";
  const found = passing(plan, wire, node, source);
  if (found || source === "nodes") return found;
  // With ML2/OVS the group also has the addresses of its ports' allowed address pairs.
  if (!fabricFacts(plan).groupHasPods || !plan.antiSpoofing.allowsPods) return undefined;
  return passing(plan, wire, node, "nodes");
}

/** A loop, because it is what a verdict does most. */
function passing(
  plan: LabPlan,
  wire: Wire,
  node: NodePlan,
  source: FirewallRule["source"],
): FirewallRule | undefined {
  for (const rule of plan.firewall)
    if (rule.source === source && rule.open && matches(rule, wire) && !closedOn(plan, rule.name, node, "in"))
      return rule;
  return undefined;
}

/** The rule that is missing, if a stateful group drops the packet. */
export function refusedBy(
  plan: LabPlan,
  wire: Wire,
  seen: readonly Wire[],
  node: NodePlan,
): Pick<Drop, "rule" | "fault"> | undefined {
  if (!fabricFacts(plan).securityGroup || isAnswer(wire, seen)) return undefined;
  if (ruleThatPasses(plan, wire, node)) return undefined;
  const source = isPod(plan, wire.source) ? "pods" : "nodes";
  const rule = plan.firewall.find((one) => one.source === source && matches(one, wire));
  return { rule: rule?.name, fault: rule && closedOn(plan, rule.name, node, "in") };
}

/** The rule that a node's own firewall closes, if it drops the packet. It is stateful, as a group is. */
export function blockedBy(
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

function matches({ protocol, ports }: FirewallRule, wire: Wire): boolean {
  if (protocol === "all") return true;
  if (protocol !== wire.protocol) return false;
  return !ports || (wire.port !== undefined && wire.port >= ports[0] && wire.port <= ports[1]);
}
