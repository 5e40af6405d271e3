/** The security group: the plan's firewall table as EC2 rules. */
import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { ConfigError } from "../../config";
import { ESP_PROTOCOL } from "../../plan";
import {
  type Foundation,
  type GatewayRule,
  type GroupApart,
  type IngressRule,
  PROJECT_TAG,
  planIngress,
  rulesApart,
  type StateResource,
  takeOver,
} from "../common";
import type { ResourceTags } from "./tags";

/** Inbound IPv4 rules per group, by default (VPC quotas: "Inbound or outbound rules per security group"). */
const MAX_RULES = 60;

/** The security group and its rules. */
export interface Security {
  group: aws.ec2.SecurityGroup;
  /** Groups for rules that some nodes must not have. An interface may be in five groups, and four rules can be closed. */
  apart: GroupApart<aws.ec2.SecurityGroup>[];
  /** All rules. Machines depend on them, so that no packet is sent before its rule exists. */
  rules: pulumi.Resource[];
}

/**
 * The plan's open rules, checked against EC2's quota.
 * @param peerCidrs as in planIngress.
 * @throws {ConfigError} when there are too many.
 */
export function planRules(
  plan: Parameters<typeof planIngress>[0],
  operatorCidrs: readonly string[],
  peerCidrs: readonly string[] = [],
): IngressRule[] {
  const rules = planIngress(plan, operatorCidrs, peerCidrs);
  if (rules.length <= MAX_RULES) return rules;
  throw new ConfigError([
    {
      key: "aws.accessCidrs",
      value: `${operatorCidrs.length} CIDRs`,
      message: `they make ${rules.length} rules, and a security group holds ${MAX_RULES}; use fewer or wider CIDRs`,
    },
  ]);
}

/** The type of an ingress rule in a state. */
const RULE_TYPE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";

/** Old rules that new ones take over in place (ModifySecurityGroupRules), so that EC2's quota holds on the way. */
export const changedInPlace = (
  rules: readonly IngressRule[],
  held: readonly StateResource[],
  named: (thing: string) => string,
): Map<string, string> =>
  takeOver(rules, { held, type: RULE_TYPE, room: (there) => MAX_RULES - there }, named);

/**
 * Declares the group and its rules. Each rule is its own resource with one source. Rules inside the group's resource
 * would overwrite these, and one change would rewrite all of them.
 */
export function createSecurity(
  rules: readonly IngressRule[],
  vpc: aws.ec2.Vpc,
  tags: ResourceTags,
  { stack, scope: { parent, named } }: Pick<Foundation, "stack" | "scope">,
  held: readonly StateResource[] = [],
): Security {
  const group = new aws.ec2.SecurityGroup(
    // EC2's name of the group begins with this, too.
    named(`${PROJECT_TAG}-${stack}`),
    // Never change name or description: EC2 would need a new group, and with it new machines.
    { vpcId: vpc.id, description: "The nodes of an encaplab lab", tags: tags("nodes") },
    { parent },
  );
  // EC2 deletes rules with their group, so a destroy makes one call instead of one per rule.
  const inside = { parent, deletedWith: group };
  // When a CIDR changes, the new rule is created first. The old one is deleted when everything that needed it has
  // changed.
  const apart = { ...inside, replaceOnChanges: ["cidrIpv4"] };
  const others = rulesApart(rules).map((rule) => ({
    rule,
    group: new aws.ec2.SecurityGroup(
      named(`${PROJECT_TAG}-${stack}-${rule.name}`),
      { vpcId: vpc.id, description: "Some nodes of an encaplab lab", tags: tags(rule.name) },
      { parent },
    ),
  }));
  const former = changedInPlace(rules, held, named);
  const ingress = rules.map((rule) => {
    const old = former.get(named(rule.name));
    const into = others.find((one) => one.rule.rule === rule.rule)?.group ?? group;
    return new aws.vpc.SecurityGroupIngressRule(
      named(rule.name),
      { ...ingressArgs(rule, group, tags), securityGroupId: into.id },
      { ...(old === undefined ? apart : { ...inside, aliases: [{ name: old }] }), deletedWith: into },
    );
  });
  // All egress is open, because nodes download packages and images from any host. Only ingress is filtered.
  const egress = new aws.vpc.SecurityGroupEgressRule(
    named("all-out"),
    { securityGroupId: group.id, ipProtocol: "-1", cidrIpv4: "0.0.0.0/0", tags: tags("all-out") },
    inside,
  );
  return { group, apart: others, rules: [...ingress, egress] };
}

function ingressArgs(
  { name, rule, protocol, ports, source }: IngressRule,
  group: aws.ec2.SecurityGroup,
  tags: ResourceTags,
): Omit<aws.vpc.SecurityGroupIngressRuleArgs, "securityGroupId"> {
  return {
    // The rule's name in the table, not its sentence: EC2 takes no apostrophes here.
    description: `encaplab: ${rule}`,
    tags: tags(name),
    ...inWordsOfEc2(protocol, ports),
    ...("group" in source ? { referencedSecurityGroupId: group.id } : { cidrIpv4: source.cidr }),
  };
}

/**
 * EC2 API, IpPermission: a protocol other than tcp, udp and icmp is given by number, and such a rule matches every
 * port, whatever ports it names. EC2 shows it with ports -1. Set these too: then a refresh finds no difference, and an
 * endpoint that only resembles EC2 may require ports for every protocol but -1. -1 is every protocol, or for ICMP every
 * type and code.
 */
export function inWordsOfEc2(
  protocol: GatewayRule["protocol"],
  ports: GatewayRule["ports"],
): Pick<aws.vpc.SecurityGroupIngressRuleArgs, "ipProtocol" | "fromPort" | "toPort"> {
  switch (protocol) {
    case "all":
      return { ipProtocol: "-1" };
    case "4":
    case ESP_PROTOCOL:
    case "icmp":
      return { ipProtocol: protocol, fromPort: -1, toPort: -1 };
    case "tcp":
    case "udp":
      return { ipProtocol: protocol, fromPort: ports?.[0], toPort: ports?.[1] };
  }
}
