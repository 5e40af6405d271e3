/** What EC2 has with some tags, with what has no tags of its own: routes, and associations of route tables. */
import * as aws from "@pulumi/aws";
import { eachOf, filtersOf } from "./each-of";
import type { Ask, Found, Kind, Tags } from "./kind";
import { detachVpn, VPN_KINDS } from "./vpn";

export type { Ask, Found, Tags } from "./kind";

/** Every state but `terminated`: EC2 still lists such an instance for a while, but it is gone. */
const LIVING = ["pending", "running", "shutting-down", "stopping", "stopped"];

const idsOf = ({ ids }: { ids: string[] }): string[] => ids;
/** Every kind of tagged resource in a lab, in the order in which it can be deleted. */
const KINDS: readonly Kind[] = [
  {
    kind: "instance",
    type: "aws:ec2/instance:Instance",
    list: (instanceTags, region, options) =>
      aws.ec2.getInstances({ instanceTags, instanceStateNames: LIVING, region }, options).then(idsOf),
    command: (id) =>
      `aws ec2 terminate-instances --instance-ids ${id} && aws ec2 wait instance-terminated --instance-ids ${id}`,
  },
  ...VPN_KINDS,
  {
    kind: "volume",
    type: "aws:ebs/volume:Volume",
    list: (tags, region, options) => aws.ebs.getEbsVolumes({ tags, region }, options).then(idsOf),
    command: (id) => `aws ec2 delete-volume --volume-id ${id}`,
  },
  {
    kind: "key-pair",
    type: "aws:ec2/keyPair:KeyPair",
    list: (tags, region, options) => {
      const filters = filtersOf(tags);
      const lookUp = (keyPairId?: string) =>
        aws.ec2.getKeyPair({ ...(keyPairId ? { keyPairId } : { filters }), region }, options).then(
          // The name, by which the provider knows key pairs.
          ({ keyName, id }) => keyName ?? id,
        );
      return eachOf("key-pair", lookUp, tags, region, options);
    },
    command: (name) => `aws ec2 delete-key-pair --key-name ${name}`,
  },
  {
    kind: "security-group-rule",
    type: "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    list: (tags, region, options) => aws.vpc.getSecurityGroupRules({ tags, region }, options).then(idsOf),
    command: () => "",
  },
  {
    kind: "security-group",
    type: "aws:ec2/securityGroup:SecurityGroup",
    list: (tags, region, options) => aws.ec2.getSecurityGroups({ tags, region }, options).then(idsOf),
    command: (id) => `aws ec2 delete-security-group --group-id ${id}`,
  },
  {
    kind: "subnet",
    type: "aws:ec2/subnet:Subnet",
    list: (tags, region, options) => aws.ec2.getSubnets({ tags, region }, options).then(idsOf),
    command: (id) => `aws ec2 delete-subnet --subnet-id ${id}`,
  },
  {
    kind: "route-table",
    type: "aws:ec2/routeTable:RouteTable",
    list: (tags, region, options) => aws.ec2.getRouteTables({ tags, region }, options).then(idsOf),
    command: (id) => `aws ec2 delete-route-table --route-table-id ${id}`,
  },
  {
    kind: "internet-gateway",
    type: "aws:ec2/internetGateway:InternetGateway",
    list: (tags, region, options) => {
      const lookUp = (internetGatewayId?: string) =>
        aws.ec2
          .getInternetGateway({ ...(internetGatewayId ? { internetGatewayId } : { tags }), region }, options)
          .then(({ id }) => id);
      return eachOf("internet-gateway", lookUp, tags, region, options);
    },
    command: (id) => `aws ec2 delete-internet-gateway --internet-gateway-id ${id}`,
  },
  {
    kind: "vpc",
    type: "aws:ec2/vpc:Vpc",
    list: (tags, region, options) => aws.ec2.getVpcs({ tags, region }, options).then(idsOf),
    command: (id) => `aws ec2 delete-vpc --vpc-id ${id}`,
  },
];

/**
 * Everything with these tags, in the order in which it can be deleted.
 * @param region Default: the provider's own.
 */
export async function survey(ask: Ask, tags: Tags, region?: string): Promise<Found[]> {
  const listed = await Promise.all(
    KINDS.map(async ({ kind, type, list, command }) => {
      const ids = await ask((options) => list(tags, region, options));
      return Promise.all(
        ids.map(async (id): Promise<Found[]> => {
          const found = { kind, type, id, command: command(id) };
          switch (kind) {
            case "security-group-rule":
              return [await asRule(id, ask, region)];
            case "route-table":
              return [...(await insideTable(id, ask, region)), found];
            case "vpn-gateway":
              return [await detachVpn(found, ask, region)];
            case "internet-gateway":
              return [await asGateway(found, ask, region)];
            default:
              return [found];
          }
        }),
      );
    }),
  );
  const all = listed.flat(2);
  const isMachine = ({ kind }: Found) => kind === "instance";
  // What is in a route table leads to the other things, and goes before them.
  const inside = all.filter((found) => found.inside !== undefined);
  return [
    ...all.filter(isMachine),
    ...inside,
    ...all.filter((found) => !isMachine(found) && !inside.includes(found)),
  ];
}

/** A rule's command names its group and its direction. */
async function asRule(id: string, ask: Ask, region: string | undefined): Promise<Found> {
  const { isEgress, securityGroupId } = await ask((options) =>
    aws.vpc.getSecurityGroupRule({ securityGroupRuleId: id, region }, options),
  );
  const direction = isEgress ? "Egress" : "Ingress";
  return {
    kind: "security-group-rule",
    id,
    type: `aws:vpc/securityGroup${direction}Rule:SecurityGroup${direction}Rule`,
    command: `aws ec2 revoke-security-group-${direction.toLowerCase()} --group-id ${securityGroupId} --security-group-rule-ids ${id}`,
  };
}

/** EC2 does not delete a gateway that is attached. */
async function asGateway(found: Found, ask: Ask, region: string | undefined): Promise<Found> {
  const { attachments } = await ask((options) =>
    aws.ec2.getInternetGateway({ internetGatewayId: found.id, region }, options),
  );
  const detach = attachments.map(
    ({ vpcId }) => `aws ec2 detach-internet-gateway --internet-gateway-id ${found.id} --vpc-id ${vpcId} && `,
  );
  return { ...found, command: `${detach.join("")}${found.command}` };
}

/** The routes and associations of a route table, which go with it, but may also be new in a table that stays. */
async function insideTable(routeTableId: string, ask: Ask, region: string | undefined): Promise<Found[]> {
  const { routes, associations } = await ask((options) =>
    aws.ec2.getRouteTable({ routeTableId, region }, options),
  );
  const added = routes
    // The table's own route to the VPC is `local`. Routes of the user's own to other things are not the lab's.
    .filter(
      ({ gatewayId, networkInterfaceId, cidrBlock }) =>
        cidrBlock && (/^igw-/.test(gatewayId) || networkInterfaceId),
    )
    .map(({ cidrBlock }) => ({
      kind: "route",
      type: "aws:ec2/route:Route",
      id: `${routeTableId}_${cidrBlock}`,
      inside: routeTableId,
      leadsTo: cidrBlock,
      command: `aws ec2 delete-route --route-table-id ${routeTableId} --destination-cidr-block ${cidrBlock}`,
    }));
  const associated = associations
    .filter(({ main, subnetId }) => !main && subnetId)
    .map(({ subnetId, routeTableAssociationId }) => ({
      kind: "route-table-association",
      type: "aws:ec2/routeTableAssociation:RouteTableAssociation",
      id: `${subnetId}/${routeTableId}`,
      inside: routeTableId,
      leadsTo: subnetId,
      command: `aws ec2 disassociate-route-table --association-id ${routeTableAssociationId}`,
    }));
  return [...added, ...associated];
}
