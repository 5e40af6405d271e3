/** The network: a VPC, one subnet per subnet of the plan, and the route to the internet. */
import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { type LabPlan, type SubnetPlan, vpcCidr } from "../../plan";
import type { Scope } from "../common";
import type { ResourceTags } from "./tags";

/** The network's resources. */
export interface Network {
  vpc: aws.ec2.Vpc;
  /** By subnet name in the plan. */
  subnets: ReadonlyMap<string, aws.ec2.Subnet>;
  routeTable: aws.ec2.RouteTable;
  /** A machine that depends on these has internet from its first boot on, and is deleted before they are. */
  ready: pulumi.Resource[];
}

/** Declares the network. @param zones availability zones, given to the subnets in turn. */
export function createNetwork(
  plan: LabPlan,
  zones: readonly string[],
  tags: ResourceTags,
  scope: Scope,
): Network {
  const { parent, named } = scope;
  const inside = { parent };
  const vpc = new aws.ec2.Vpc(
    named("vpc"),
    { cidrBlock: vpcCidr(plan), enableDnsSupport: true, enableDnsHostnames: true, tags: tags("vpc") },
    inside,
  );
  const gateway = new aws.ec2.InternetGateway(
    named("gateway"),
    { vpcId: vpc.id, tags: tags("gateway") },
    inside,
  );
  const routeTable = new aws.ec2.RouteTable(named("routes"), { vpcId: vpc.id, tags: tags("routes") }, inside);
  const internet = new aws.ec2.Route(
    named("internet"),
    { routeTableId: routeTable.id, destinationCidrBlock: "0.0.0.0/0", gatewayId: gateway.id },
    { parent, deletedWith: routeTable },
  );
  const built = plan.subnets.map((subnet, i) => {
    const made = createSubnet(subnet, vpc, zones[i % zones.length], tags, scope);
    const association = new aws.ec2.RouteTableAssociation(
      named(subnet.name),
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
  { parent, named }: Scope,
): aws.ec2.Subnet {
  return new aws.ec2.Subnet(
    named(name),
    { vpcId: vpc.id, cidrBlock: cidr, availabilityZone, tags: tags(name) },
    // Ignore zones that AWS opens or closes later: another zone would replace the subnet and the machines in it. Delete
    // first: a new CIDR may overlap the old one.
    { parent, ignoreChanges: ["availabilityZone"], deleteBeforeReplace: true },
  );
}

/** VPC routes to the pods, one per node block. They make direct paths across subnets work. */
export function createPodRoutes(
  plan: LabPlan,
  routeTable: aws.ec2.RouteTable,
  instances: ReadonlyMap<string, aws.ec2.Instance>,
  { parent, named }: Scope,
): aws.ec2.Route[] {
  return plan.podRoutes.map(
    ({ block, node }) =>
      new aws.ec2.Route(
        // Named after the block: the target of its route changes in place, whereas two routes to one block would clash.
        named(`pods-${block.replace("/", "-")}`),
        {
          routeTableId: routeTable.id,
          destinationCidrBlock: block,
          networkInterfaceId: instances.get(node)?.primaryNetworkInterfaceId,
        },
        { parent, deletedWith: routeTable },
      ),
  );
}
