/** The security group: the plan's firewall table as Neutron rules. */
import * as openstack from "@pulumi/openstack";
import { ESP_PROTOCOL } from "../../plan";
import {
  type GatewayRule,
  type GroupApart,
  type IngressRule,
  rulesApart,
  type Scope,
  type StateResource,
  takeOver,
} from "../common";
import type { Label } from "./tags";

/** The security group and its rules. */
export interface Security {
  group: openstack.networking.SecGroup;
  /** Groups for rules that some nodes must not have. */
  apart: GroupApart<openstack.networking.SecGroup>[];
  /** All rules. Ports depend on them, so that no packet is sent before its rule exists. */
  rules: openstack.networking.SecGroupRule[];
}

/** What a living lab has, for a change of its rules. */
export interface LivingRules {
  /** The stack's own state. */
  held: readonly StateResource[];
  /** How many more rules the project's quota lets in. */
  room: number;
}

/** The type of a rule in a state. */
const RULE_TYPE = "openstack:networking/secGroupRule:SecGroupRule";

/**
 * Declares the group and its rules. Each rule is its own resource with one source. No field of a rule can change in
 * place: a rule that differs in one field is a new rule, with a new name.
 */
export function createSecurity(
  rules: readonly IngressRule[],
  label: Label,
  { parent, named }: Scope,
  { held, room }: LivingRules = { held: [], room: Number.POSITIVE_INFINITY },
): Security {
  const newGroup = (name: string) =>
    new openstack.networking.SecGroup(
      named(name),
      {
        ...label.described(name),
        // A cloud may have its own default rules for new groups. Only the rules of the table must be in the group.
        deleteDefaultRules: true,
      },
      { parent },
    );
  const group = newGroup("nodes");
  const apart = rulesApart(rules).map((rule) => ({ rule, group: newGroup(rule.name) }));
  // Deleting a group deletes its rules. One by one, the provider waits five seconds for each.
  const inside = { parent, deletedWith: group };
  const former = takeOver(rules, { held, type: RULE_TYPE, room: () => room }, named);
  const ingress = rules.map((rule) => {
    const old = former.get(named(rule.name));
    const into = apart.find((one) => one.rule.rule === rule.rule)?.group ?? group;
    return new openstack.networking.SecGroupRule(
      named(rule.name),
      { ...ingressArgs(rule, group), securityGroupId: into.id },
      {
        parent,
        deletedWith: into,
        // Neutron cannot change a rule, so the old one goes first. Ports depend on rules, but need no replacement for that.
        ...(old !== undefined && { aliases: [{ name: old }], deleteBeforeReplace: true }),
      },
    );
  });
  // All egress is open, because nodes download packages and images from any host. Only ingress is filtered.
  const egress = new openstack.networking.SecGroupRule(
    named("all-out"),
    { securityGroupId: group.id, direction: "egress", ethertype: "IPv4", description: "encaplab: all-out" },
    inside,
  );
  return { group, apart, rules: [...ingress, egress] };
}

function ingressArgs(
  { rule, protocol, ports, source }: IngressRule,
  group: openstack.networking.SecGroup,
): Omit<openstack.networking.SecGroupRuleArgs, "securityGroupId"> {
  return {
    direction: "ingress",
    ethertype: "IPv4",
    // The rule's name in the table, not its sentence: a changed description is a new rule, which Neutron refuses as a
    // duplicate (409).
    description: `encaplab: ${rule}`,
    ...inWordsOfNeutron(protocol, ports),
    // A remote group matches the addresses of its ports, but not their allowed address pairs. So pods need the prefix.
    ...("group" in source ? { remoteGroupId: group.id } : { remoteIpPrefix: source.cidr }),
  };
}

/**
 * The provider takes tcp, udp, icmp and any number as text (openstack/networking_secgroup_rule_v2.go); no protocol
 * means every protocol. It does not know the name `ipip`, and in Neutron's older releases that meant 94.
 */
export function inWordsOfNeutron(
  protocol: GatewayRule["protocol"],
  ports: GatewayRule["ports"],
): Pick<openstack.networking.SecGroupRuleArgs, "protocol" | "portRangeMin" | "portRangeMax"> {
  switch (protocol) {
    case "all":
      return {};
    case "4":
    case "icmp":
      return { protocol };
    case ESP_PROTOCOL:
      return { protocol: "esp" };
    case "tcp":
    case "udp":
      return { protocol, portRangeMin: ports?.[0], portRangeMax: ports?.[1] };
  }
}
