/** The network: a VPC, a subnet per subnet of the plan, and the way out. */
import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { ConfigError } from "../../config";
import { type Cidr, formatCidr, type LabPlan, overlap, parseCidr, type SubnetPlan, sizeOf } from "../../plan";
import type { ResourceTags } from "./tags";

/** A VPC's block is a /16 to a /28 (EC2 API: CreateVpc). */
const LARGEST = 16;

/**
 * The VPC's block: the largest one allowed that holds all subnets and stays clear of the pods. The largest, because
 * another block means another VPC and new machines, and so a subnet can be added later; clear of the pods, because inside
 * its own block a VPC takes no route to a pod's address.
 * @throws {ConfigError} when no block holds the subnets.
 */
export function vpcCidr({ subnets, ipPool }: Pick<LabPlan, "subnets" | "ipPool">): string {
  const cidrs = subnets.map(({ cidr }) => parseCidr(cidr));
  const smallest = Math.min(...cidrs.map(({ prefix }) => prefix));
  const pods = parseCidr(ipPool.cidr);
  for (let prefix = LARGEST; prefix <= smallest; prefix++) {
    const block = parseCidr(`${subnets[0]?.cidr.split("/")[0]}/${prefix}`);
    if (!cidrs.every((cidr) => holds(block, cidr))) break;
    if (!overlap(block, pods)) return formatCidr(block);
  }
  const shown = subnets.map(({ cidr }) => cidr).join(", ");
  throw new ConfigError([
    {
      key: "topology",
      value: shown,
      message: `a VPC has one block of at most a /${LARGEST}, and none holds these subnets without podCidr ${ipPool.cidr}; allowed are subnets that lie in one /${LARGEST}, such as 10.0.3.0/24 and 10.0.4.0/24, and a podCidr apart from them`,
    },
  ]);
}

const holds = (block: Cidr, { first, prefix }: Cidr): boolean =>
  prefix >= block.prefix && first >= block.first && first < block.first + sizeOf(block);

export interface Network {
  vpc: aws.ec2.Vpc;
  /** By the names of the plan's subnets. */
  subnets: ReadonlyMap<string, aws.ec2.Subnet>;
  routeTable: aws.ec2.RouteTable;
  /** A machine that waits for these can reach the internet from its first moment, and goes before they go. */
  ready: pulumi.Resource[];
}

/** @param zones where to put the subnets, one after the other. */
export function createNetwork(
  plan: LabPlan,
  zones: readonly string[],
  tags: ResourceTags,
  parent: pulumi.Resource,
): Network {
  const inside = { parent };
  const vpc = new aws.ec2.Vpc(
    "vpc",
    { cidrBlock: vpcCidr(plan), enableDnsSupport: true, enableDnsHostnames: true, tags: tags("vpc") },
    inside,
  );
  const gateway = new aws.ec2.InternetGateway("gateway", { vpcId: vpc.id, tags: tags("gateway") }, inside);
  const routeTable = new aws.ec2.RouteTable("routes", { vpcId: vpc.id, tags: tags("routes") }, inside);
  const internet = new aws.ec2.Route(
    "internet",
    { routeTableId: routeTable.id, destinationCidrBlock: "0.0.0.0/0", gatewayId: gateway.id },
    { parent, deletedWith: routeTable },
  );
  const built = plan.subnets.map((subnet, i) => {
    const made = createSubnet(subnet, vpc, zones[i % zones.length], tags, parent);
    const association = new aws.ec2.RouteTableAssociation(
      subnet.name,
      { subnetId: made.id, routeTableId: routeTable.id },
      inside,
    );
    return { name: subnet.name, made, association };
  });
  return {
    vpc,
    subnets: new Map(built.map(({ name, made }) => [name, made])),
    routeTable,
    ready: [internet, ...built.map(({ association }) => association)],
  };
}

function createSubnet(
  { name, cidr }: SubnetPlan,
  vpc: aws.ec2.Vpc,
  availabilityZone: string | undefined,
  tags: ResourceTags,
  parent: pulumi.Resource,
): aws.ec2.Subnet {
  return new aws.ec2.Subnet(
    name,
    { vpcId: vpc.id, cidrBlock: cidr, availabilityZone, tags: tags(name) },
    // A zone that AWS opens or closes later moves no subnet: that would replace the machines in it. One with another
    // CIDR may overlap the one before, so that has to go first.
    { parent, ignoreChanges: ["availabilityZone"], deleteBeforeReplace: true },
  );
}

/** Routes of the VPC to the pods, one per node's block: the mend for direct paths across subnets. */
export function createPodRoutes(
  plan: LabPlan,
  routeTable: aws.ec2.RouteTable,
  instances: ReadonlyMap<string, aws.ec2.Instance>,
  parent: pulumi.Resource,
): aws.ec2.Route[] {
  return plan.podRoutes.map(
    ({ block, node }) =>
      new aws.ec2.Route(
        // By the block: its target changes in place, whereas two routes to one block would clash.
        `pods-${block.replace("/", "-")}`,
        {
          routeTableId: routeTable.id,
          destinationCidrBlock: block,
          networkInterfaceId: instances.get(node)?.primaryNetworkInterfaceId,
        },
        { parent, deletedWith: routeTable },
      ),
  );
}
