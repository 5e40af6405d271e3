/** The open rules of the plan's firewall table, split to one source each. The same for every cloud. */
import type { FirewallRule, LabPlan, RuleName } from "../../plan";

/** One rule with one source: either the nodes' own security group, or a prefix. */
export interface IngressRule {
  /**
   * Name of the resource. It contains the source if the table's rule has several, so that they change independently.
   */
  name: string;
  rule: RuleName;
  protocol: FirewallRule["protocol"];
  /** First and last port; absent if the protocol has none. */
  ports?: readonly [number, number];
  source: { group: true } | { cidr: string };
}

/** The plan's open rules. @param operatorCidrs who may reach the nodes from outside. */
export function planIngress(
  plan: Pick<LabPlan, "firewall" | "ipPool">,
  operatorCidrs: readonly string[],
): IngressRule[] {
  return plan.firewall
    .filter(({ open }) => open)
    .flatMap((rule) => rulesOf(rule, plan.ipPool.cidr, operatorCidrs));
}

function rulesOf(
  { name, protocol, ports, source }: FirewallRule,
  podCidr: string,
  operatorCidrs: readonly string[],
): IngressRule[] {
  const rule = { name, rule: name, protocol, ...(ports && { ports }) };
  switch (source) {
    case "nodes":
      return [{ ...rule, source: { group: true } }];
    case "pods":
      return [{ ...rule, source: { cidr: podCidr } }];
    case "operator":
      return operatorCidrs.map((cidr) => ({
        ...rule,
        name: `${name}-${cidr.replace("/", "-")}`,
        source: { cidr },
      }));
  }
}
