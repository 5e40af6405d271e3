/** What a fabric does that nothing in the input tells. */
import { fabricFacts, type LabPlan } from "../../plan";
import type { Machine } from "./machines";
import type { Security } from "./security";

/** Adds the assumptions for it: the lab then does what Calico needs. */
export function assumeRules(
  security: Security,
  plan: LabPlan,
  machines: readonly Machine[],
  assumptions: string[],
): void {
  const { securityGroup, antiSpoofing, name } = fabricFacts(plan);
  if (securityGroup && security.areGroupsAssumed)
    assumptions.push(
      "nothing says which groups the nodes have: assumed that all of them have all groups that were given",
    );
  else if (securityGroup && !security.groupsAreKnown(machines))
    assumptions.push(
      `not all rules of the nodes' security groups were given: assumed that ${name} lets in what Calico needs`,
    );
  if (!antiSpoofing || !plan.antiSpoofing.needed) return;
  const isTold = (machine: Machine) => {
    const port = security.portOf(machine);
    return port?.checked !== undefined || port?.pairs !== undefined;
  };
  if (!machines.every(isTold))
    assumptions.push(
      `not for all nodes it is told what ${antiSpoofing.name} does: assumed that it lets pods' addresses through`,
    );
}
