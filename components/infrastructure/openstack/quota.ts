/** Checks the project's quotas before anything is made. */
import { ConfigError } from "../../config";
import { type LabPlan, machineCount } from "../../plan";
import { type IngressRule, planGatewayRules, rulesApart } from "../common";
import { type Entry, list, read, type Session, stackTags } from "./api";
import type { Flavor } from "./lookup";

/** The quota of one kind of resource, and how much of it is in use. */
interface Allowance {
  /** Negative if there is no limit. */
  limit: number;
  used: number;
}

/** What the lab needs of one kind of resource. */
interface Demand extends Allowance {
  what: string;
  needed: number;
}

/**
 * Compares the plan with the project's quotas. If they cannot be read, the check passes, because OpenStack's own error
 * is clear. A lab that exists already is counted as used, and therefore not compared. An ordinary user may read both:
 * Nova's own limits if no project is named (nova/api/openstack/compute/limits.py; the provider's getLimitsV2 always
 * names one and needs an administrator), and Neutron's in the details of the user's own project
 * (neutron/extensions/quotasv2_detail.py).
 * @param rules the rules of the security groups, without the egress rule.
 * @throws {ConfigError} naming every quota that is too small.
 */
export async function checkQuota(
  session: Session,
  stack: string,
  plan: LabPlan,
  flavor: Flavor,
  rules: readonly IngressRule[],
): Promise<void> {
  const demands = await findDemands(session, stack, plan, flavor, rules).catch(() => []);
  const problems = demands
    .filter(({ limit, used, needed }) => limit >= 0 && used + needed > limit)
    .map(({ what, limit, used, needed }) => ({
      key: "topology",
      value: `${plan.nodes.length} nodes in ${plan.subnets.length} subnets`,
      message: `they need ${needed} ${what}, and the project's quota is ${limit}, of which ${used} are in use; make the lab smaller, delete something else in the project, or request a larger quota`,
    }));
  if (problems.length > 0) throw new ConfigError(problems);
}

/**
 * How many more security group rules the project may have. Without a limit that can be read, any number: Neutron's own error is
 * clear.
 */
export async function roomForRules(session: Session): Promise<number> {
  const { limit = -1, used = 0 } = await read(session, "network", detailsOf(session))
    .then(({ quota }) => (quota as { security_group_rule?: Partial<Allowance> }).security_group_rule ?? {})
    .catch((): Partial<Allowance> => ({}));
  return limit < 0 ? Number.POSITIVE_INFINITY : limit - used;
}

const detailsOf = ({ projectId }: Session): string => `quotas/${projectId}/details.json`;

async function findDemands(
  session: Session,
  stack: string,
  plan: LabPlan,
  flavor: Flavor,
  rules: readonly IngressRule[],
): Promise<Demand[]> {
  const tags = encodeURIComponent(stackTags(stack).join(","));
  const [servers, networks] = await Promise.all([
    list(session, "compute", `servers?tags=${tags}`, "servers"),
    list(session, "network", `networks?tags=${tags}&fields=id`, "networks"),
  ]);
  if (servers.length > 0 || networks.length > 0) return [];
  const [compute, network] = await Promise.all([
    read(session, "compute", "limits"),
    read(session, "network", detailsOf(session)),
  ]);
  const { absolute } = compute.limits as { absolute: Entry };
  return demandsOf(absolute, network.quota as Entry, plan, flavor, rules);
}

/** What a lab needs, with what the project has. @param compute and `network`: the quotas as Nova and Neutron tell them. */
export const demandsOf = (
  compute: Entry,
  network: Entry,
  plan: LabPlan,
  flavor: Flavor,
  rules: readonly IngressRule[],
): Demand[] => [
  ...computeDemands(compute, machineCount(plan), flavor),
  ...networkDemands(network, plan, rules),
];

function computeDemands(absolute: Entry, nodes: number, { vcpus, ram }: Flavor): Demand[] {
  const of = (limit: string, used: string): Allowance => ({
    limit: Number(absolute[limit] ?? -1),
    used: Number(absolute[used] ?? 0),
  });
  return [
    { what: "instances", needed: nodes, ...of("maxTotalInstances", "totalInstancesUsed") },
    { what: "vCPUs", needed: nodes * vcpus, ...of("maxTotalCores", "totalCoresUsed") },
    { what: "MiB of memory", needed: nodes * ram, ...of("maxTotalRAMSize", "totalRAMUsed") },
  ];
}

function networkDemands(quota: Entry, plan: LabPlan, rules: readonly IngressRule[]): Demand[] {
  const of = (name: string): Allowance => {
    const { limit = -1, used = 0 } = (quota[name] ?? {}) as Partial<Allowance>;
    return { limit, used };
  };
  const subnets = plan.subnets.length;
  // What is a gateway and no node has a port, a floating IP and a group of its own.
  const gateways = machineCount(plan) - plan.nodes.length;
  const groups = 1 + rulesApart(rules).length + gateways;
  // With the peer's, which is known when it has an address.
  const gatewayRules = gateways * (1 + planGatewayRules(rules, { address: "" }).length);
  return [
    { what: "networks", needed: subnets, ...of("network") },
    { what: "subnets", needed: subnets, ...of("subnet") },
    // One per node, and per subnet the router's interface and Neutron's own port for DHCP or metadata.
    { what: "ports", needed: machineCount(plan) + 2 * subnets, ...of("port") },
    { what: "routers", needed: 1, ...of("router") },
    { what: "floating IPs", needed: 1 + gateways, ...of("floatingip") },
    { what: "security groups", needed: groups, ...of("security_group") },
    // Plus the egress rule, and the two rules that Neutron makes with every group before they are deleted.
    {
      what: "security group rules",
      needed: rules.length + 1 + gatewayRules + 2 * groups,
      ...of("security_group_rule"),
    },
  ];
}
