/** A security group's rules, independent of the cloud, to compare with the plan's table. */
import type { LabPlan } from "../../components/plan";

/** What a test may choose when it builds a lab in a cloud. */
export interface Choices {
  /** Who may reach the nodes. Default: 203.0.113.7/32. */
  operatorCidrs?: readonly string[];
  /** Begins the name of every resource. Default: empty. */
  prefix?: string;
}

/** One rule. */
export interface FirewallRow {
  protocol: string;
  ports: readonly [number, number] | undefined;
  /** `group`: the nodes' own security group; else a CIDR. */
  source: string;
}

/** The rules that every cloud must have. */
export function expectedFirewall(plan: LabPlan, operatorCidrs: readonly string[]): FirewallRow[] {
  return plan.firewall
    .filter(({ open }) => open)
    .flatMap(({ protocol, ports, source }) => {
      const sources = { nodes: ["group"], pods: [plan.ipPool.cidr], operator: operatorCidrs }[source];
      return sources.map((from) => ({ protocol, ports, source: from }));
    });
}

/** Sorts rules for comparison, because their order does not matter. */
export const sorted = (rows: readonly FirewallRow[]): string[] =>
  rows
    .map(({ protocol, ports, source }) => `${protocol} ${ports ? ports.join("-") : "any"} from ${source}`)
    .sort();
