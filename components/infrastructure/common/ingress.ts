/** The open rules of the plan's firewall table, split to one source each. The same for every cloud. */
import type { FirewallRule, LabPlan, NodePlan, RuleName } from "../../plan";

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
  /**
   * Nodes that must not have the rule. A group only allows, so the rule is in a group of its own, which all other nodes are
   * in as well. Then a fault on some nodes changes groups in place, and no machine.
   */
  except?: readonly string[];
}

/**
 * The plan's open rules.
 * @param operatorCidrs who may reach the nodes from outside.
 * @param peerCidrs where the nodes of the other site are, to which every rule for nodes applies. Default: none.
 */
export function planIngress(
  plan: Pick<LabPlan, "firewall" | "ipPool" | "nodes">,
  operatorCidrs: readonly string[],
  peerCidrs: readonly string[] = [],
): IngressRule[] {
  return plan.firewall
    .filter(({ open }) => open)
    .flatMap((rule) => {
      const except = exceptionsTo(plan, rule.name);
      const rules = rulesOf(rule, plan.ipPool.cidr, operatorCidrs, peerCidrs);
      if (except.length === 0) return rules;
      return rules.map((one) => ({ ...one, name: `${one.name}-others`, except }));
    });
}

/** The nodes on which a fault closes a rule of the group. */
const exceptionsTo = ({ nodes }: Pick<LabPlan, "nodes">, rule: RuleName): string[] =>
  nodes.filter(({ host }) => host.closed.some((one) => one.rule === rule)).map(({ name }) => name);

/** The groups that a node is in: that of all nodes, and that of each rule which is not for every node and is for it. */
export const groupsOf = <Group>(
  { name }: Pick<NodePlan, "name">,
  { group, apart }: { group: Group; apart: readonly GroupApart<Group>[] },
): Group[] => [group, ...apart.filter(({ rule }) => !rule.except?.includes(name)).map((one) => one.group)];

/** A group with a rule that is not for every node, from each of its sources. */
export interface GroupApart<Group> {
  rule: IngressRule;
  group: Group;
}

/** The rules that need a group of their own. A rule with several sources is here once: its sources share the group. */
export const rulesApart = (rules: readonly IngressRule[]): IngressRule[] =>
  rules.filter(
    ({ rule, except }, i) => except !== undefined && rules.findIndex((one) => one.rule === rule) === i,
  );

function rulesOf(
  { name, protocol, ports, source }: FirewallRule,
  podCidr: string,
  operatorCidrs: readonly string[],
  peerCidrs: readonly string[],
): IngressRule[] {
  const rule = { name, rule: name, protocol, ...(ports && { ports }) };
  switch (source) {
    case "nodes":
      // A group matches only its own interfaces, so nodes of another stack are named by their ranges.
      return [
        { ...rule, source: { group: true } },
        ...peerCidrs.map((cidr) => ({
          ...rule,
          name: `${name}-${cidr.replace("/", "-")}`,
          source: { cidr },
        })),
      ];
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
