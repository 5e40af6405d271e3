/** The security group: the plan's firewall table in Neutron's words. */
import * as openstack from "@pulumi/openstack";
import type * as pulumi from "@pulumi/pulumi";
import type { IngressRule } from "../ingress";
import type { Label } from "./tags";

export interface Security {
  group: openstack.networking.SecGroup;
  /** What a packet needs to have been there before it. */
  rules: openstack.networking.SecGroupRule[];
}

/**
 * Each rule is a resource of its own with one source. Nothing in a rule can change in place: where one part differs it is
 * another rule, with another name.
 */
export function createSecurity(
  rules: readonly IngressRule[],
  label: Label,
  parent: pulumi.Resource,
): Security {
  const group = new openstack.networking.SecGroup(
    "nodes",
    {
      ...label.described("nodes"),
      // A cloud may bring other rules for new groups than Neutron does; here the table is all there is.
      deleteDefaultRules: true,
    },
    { parent },
  );
  // A group takes its rules along; one by one the provider waits five seconds for each.
  const inside = { parent, deletedWith: group };
  const ingress = rules.map(
    (rule) => new openstack.networking.SecGroupRule(rule.name, ingressArgs(rule, group), inside),
  );
  // Nodes fetch packages and images from wherever these are: what comes in is guarded, not what goes out.
  const egress = new openstack.networking.SecGroupRule(
    "all-out",
    { securityGroupId: group.id, direction: "egress", ethertype: "IPv4", description: "encaplab: all-out" },
    inside,
  );
  return { group, rules: [...ingress, egress] };
}

function ingressArgs(
  { rule, protocol, ports, source }: IngressRule,
  group: openstack.networking.SecGroup,
): openstack.networking.SecGroupRuleArgs {
  return {
    securityGroupId: group.id,
    direction: "ingress",
    ethertype: "IPv4",
    // The table's name, not its sentence: a changed description is a new rule, which Neutron takes for a double (409).
    description: `encaplab: ${rule}`,
    ...inWordsOfNeutron(protocol, ports),
    // A remote group matches the addresses of its ports, not their allowed address pairs: pods need the prefix.
    ...("group" in source ? { remoteGroupId: group.id } : { remoteIpPrefix: source.cidr }),
  };
}

/**
 * The provider takes tcp, udp, icmp and any number as text (openstack/networking_secgroup_rule_v2.go); no protocol means
 * every one. `ipip` is no name it knows, and in Neutron's older releases it meant 94.
 */
function inWordsOfNeutron(
  protocol: IngressRule["protocol"],
  ports: IngressRule["ports"],
): Pick<openstack.networking.SecGroupRuleArgs, "protocol" | "portRangeMin" | "portRangeMax"> {
  switch (protocol) {
    case "all":
      return {};
    case "4":
    case "icmp":
      return { protocol };
    case "tcp":
    case "udp":
      return { protocol, portRangeMin: ports?.[0], portRangeMax: ports?.[1] };
  }
}
