/** A security group's rules in no cloud's words, to hold them against the plan's table and against each other. */
import type { LabPlan } from "../../components/plan";

export interface FirewallRow {
  protocol: string;
  ports: readonly [number, number] | undefined;
  /** `group`: the nodes' own security group; else a CIDR. */
  source: string;
}

/** What a cloud must come out as. */
export function expectedFirewall(plan: LabPlan, operatorCidrs: readonly string[]): FirewallRow[] {
  return plan.firewall
    .filter(({ open }) => open)
    .flatMap(({ protocol, ports, source }) => {
      const sources = { nodes: ["group"], pods: [plan.ipPool.cidr], operator: operatorCidrs }[source];
      return sources.map((from) => ({ protocol, ports, source: from }));
    });
}

/** In an order of their own: rules have none. */
export const sorted = (rows: readonly FirewallRow[]): string[] =>
  rows
    .map(({ protocol, ports, source }) => `${protocol} ${ports ? ports.join("-") : "any"} from ${source}`)
    .sort();
