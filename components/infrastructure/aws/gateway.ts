/** The VPC's gateway to the other site as an instance of the lab: its group, and the routes by it. */
import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { SITE_GATEWAY, type SiteGatewayPlan } from "../../plan";
import {
  connectionTo,
  type Foundation,
  type GatewayRule,
  KeyPair,
  type PeerSite,
  PROJECT_TAG,
} from "../common";
import type { SiteGateway } from "../interface";
import { createInstance, type MachineArgs, USER } from "./machine";
import { inWordsOfEc2, type Security } from "./security";

/** What the gateway is made from. */
export interface GatewayArgs extends MachineArgs {
  gateway: SiteGatewayPlan;
  peer: PeerSite | undefined;
  rules: readonly GatewayRule[];
  /** See ResolvedAwsArgs. */
  ownEndpoint: boolean;
  /** The nodes' own. */
  security: Security;
}

/** Declares the gateway. Its strongSwan comes later, by a step over SSH. */
export function createGateway(
  args: GatewayArgs,
  { stack, scope, login }: Pick<Foundation, "stack" | "scope" | "login">,
): Omit<SiteGateway, "tunnel"> {
  const { gateway, peer, network, ownEndpoint, config } = args;
  const { parent, named } = scope;
  const { group, rules } = createGroup(args, { stack, scope });
  const hostKey = new KeyPair(named(`${SITE_GATEWAY}-host`), { parent });
  const instance = createInstance(
    {
      name: SITE_GATEWAY,
      ...gateway,
      groups: [group],
      // What it forwards is from or to the other site.
      sourceDestCheck: false,
      rules,
      keepsGroups: ownEndpoint,
    },
    args,
    hostKey,
    scope,
  );
  for (const cidr of peer?.cidrs ?? [])
    new aws.ec2.Route(
      named(`${SITE_GATEWAY}-${cidr.replace("/", "-")}`),
      {
        routeTableId: network.routeTable.id,
        destinationCidrBlock: cidr,
        networkInterfaceId: instance.primaryNetworkInterfaceId,
      },
      { parent, deletedWith: network.routeTable },
    );
  return {
    machine: {
      name: SITE_GATEWAY,
      resource: instance,
      connection: connectionTo(instance.publicIp, config.user ?? USER, login, hostKey),
    },
    publicAddress: instance.publicIp,
  };
}

function createGroup(
  { network, rules, tags, security }: GatewayArgs,
  { stack, scope: { parent, named } }: Pick<Foundation, "stack" | "scope">,
): { group: aws.ec2.SecurityGroup; rules: pulumi.Resource[] } {
  const group = new aws.ec2.SecurityGroup(
    named(`${PROJECT_TAG}-${stack}-${SITE_GATEWAY}`),
    { vpcId: network.vpc.id, description: "The site gateway of an encaplab lab", tags: tags(SITE_GATEWAY) },
    { parent },
  );
  const inside = { parent, deletedWith: group };
  const ingress = rules.map(({ name, protocol, ports, source }) => {
    const thing = `${SITE_GATEWAY}-${name}`;
    return new aws.vpc.SecurityGroupIngressRule(
      named(thing),
      {
        securityGroupId: group.id,
        description: `encaplab: ${name}`,
        tags: tags(thing),
        ...inWordsOfEc2(protocol, ports),
        ...("group" in source ? { referencedSecurityGroupId: security.group.id } : { cidrIpv4: source.cidr }),
      },
      inside,
    );
  });
  const thing = `${SITE_GATEWAY}-all-out`;
  const egress = new aws.vpc.SecurityGroupEgressRule(
    named(thing),
    { securityGroupId: group.id, ipProtocol: "-1", cidrIpv4: "0.0.0.0/0", tags: tags(thing) },
    inside,
  );
  return { group, rules: [...ingress, egress] };
}
