/** The security group: the plan's firewall table in EC2's words. */
import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { ConfigError } from "../../config";
import { type IngressRule, planIngress } from "../ingress";
import type { ResourceTags } from "./tags";

/** Inbound IPv4 rules per group, unless AWS was asked for more (VPC quotas: "Inbound or outbound rules per security group"). */
const MAX_RULES = 60;

export interface Security {
  group: aws.ec2.SecurityGroup;
  /** What a packet needs to have been there before it. */
  rules: pulumi.Resource[];
}

/** The table of a plan, checked against EC2's quota. @throws {ConfigError} when it has too many rules. */
export function planRules(
  plan: Parameters<typeof planIngress>[0],
  operatorCidrs: readonly string[],
): IngressRule[] {
  const rules = planIngress(plan, operatorCidrs);
  if (rules.length <= MAX_RULES) return rules;
  throw new ConfigError([
    {
      key: "aws.accessCidrs",
      value: `${operatorCidrs.length} CIDRs`,
      message: `they make ${rules.length} rules, and a security group holds ${MAX_RULES}; allowed are fewer or wider CIDRs`,
    },
  ]);
}

/**
 * Each rule is a resource of its own with one source: rules inside the group's own resource would overwrite these, and one
 * change would rewrite all of them.
 */
export function createSecurity(
  name: string,
  rules: readonly IngressRule[],
  vpc: aws.ec2.Vpc,
  tags: ResourceTags,
  parent: pulumi.Resource,
): Security {
  const group = new aws.ec2.SecurityGroup(
    name,
    // Neither name nor description may ever change: EC2 would need a new group, and the machines with it.
    { vpcId: vpc.id, description: "The nodes of an encaplab lab", tags: tags("nodes") },
    { parent },
  );
  // Rules end with their group: at destroy that is one call instead of one per rule.
  const inside = { parent, deletedWith: group };
  // Another CIDR is another rule: it comes first, and the one before goes when all that needed it has changed.
  const apart = { ...inside, replaceOnChanges: ["cidrIpv4"] };
  const ingress = rules.map(
    (rule) => new aws.vpc.SecurityGroupIngressRule(rule.name, ingressArgs(rule, group, tags), apart),
  );
  // Nodes fetch packages and images from wherever these are: what comes in is guarded, not what goes out.
  const egress = new aws.vpc.SecurityGroupEgressRule(
    "all-out",
    { securityGroupId: group.id, ipProtocol: "-1", cidrIpv4: "0.0.0.0/0", tags: tags("all-out") },
    inside,
  );
  return { group, rules: [...ingress, egress] };
}

function ingressArgs(
  { name, rule, protocol, ports, source }: IngressRule,
  group: aws.ec2.SecurityGroup,
  tags: ResourceTags,
): aws.vpc.SecurityGroupIngressRuleArgs {
  return {
    securityGroupId: group.id,
    // The table's name says what it is for. EC2 takes no apostrophes here, so not the table's sentence.
    description: `encaplab: ${rule}`,
    tags: tags(name),
    ...inWordsOfEc2(protocol, ports),
    ...("group" in source ? { referencedSecurityGroupId: group.id } : { cidrIpv4: source.cidr }),
  };
}

/**
 * EC2 API, IpPermission: a protocol other than tcp, udp and icmp is given by its number, and lets every port in whatever
 * ports are named. EC2 shows such a rule with ports -1; naming the same ones keeps a refresh quiet, and what speaks EC2's
 * API without being EC2 may ask for ports with every protocol but -1. -1 is every protocol, for ICMP every type and code.
 */
function inWordsOfEc2(
  protocol: IngressRule["protocol"],
  ports: IngressRule["ports"],
): Pick<aws.vpc.SecurityGroupIngressRuleArgs, "ipProtocol" | "fromPort" | "toPort"> {
  switch (protocol) {
    case "all":
      return { ipProtocol: "-1" };
    case "4":
    case "icmp":
      return { ipProtocol: protocol, fromPort: -1, toPort: -1 };
    case "tcp":
    case "udp":
      return { ipProtocol: protocol, fromPort: ports?.[0], toPort: ports?.[1] };
  }
}
