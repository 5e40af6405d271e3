/** The open rules of the plan's firewall table, one source each, before a cloud says them in its own words. */
import type { FirewallRule, LabPlan, RuleName } from "../plan";

/** One rule with one source: either the nodes' own security group, or a prefix. */
export interface IngressRule {
  /** Names the resource. Bears its source where one rule of the table has several, so that none moves with another. */
  name: string;
  rule: RuleName;
  protocol: FirewallRule["protocol"];
  /** First and last port; absent where the protocol has none. */
  ports?: readonly [number, number];
  source: { group: true } | { cidr: string };
}

/** @param operatorCidrs who may reach the nodes from outside. */
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
