/** The network: one Neutron network and subnet per subnet of the plan, and a router between them and to the outside. */
import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import {
  FABRIC_FACTS,
  type LabPlan,
  type NodePlan,
  parseCidr,
  type SubnetPlan,
  toAddress,
  toNumber,
} from "../../plan";
import type { Scope } from "../common";
import type { Label } from "./tags";

/** Addresses .2 to .9 of a subnet, for Neutron's own ports. They are below the plan's nodes. */
const POOL = { first: 2, end: 10 } as const;
/** In a small subnet the nodes start at .4, so .2 and .3 must be enough. */
const SMALL = { below: 64, end: 4 } as const;

/** Neutron's `max_routes`, by default (neutron/conf/db/extraroute_db.py). No API tells what the cloud has set. */
const MAX_ROUTES = 30;

/** The Neutron resources for one subnet of the plan. */
export interface NetworkSubnet {
  network: openstack.networking.Network;
  subnet: openstack.networking.Subnet;
  /** The router's interface in the subnet. */
  leg: openstack.networking.RouterInterface;
}

/** The network's resources. */
export interface Network {
  router: openstack.networking.Router;
  /** By subnet name in the plan. */
  subnets: ReadonlyMap<string, NetworkSubnet>;
  podRoutes: openstack.networking.RouterRoute[];
}

/** Declares the network. */
export function createNetwork(
  plan: LabPlan,
  externalNetworkId: pulumi.Input<string>,
  label: Label,
  scope: Scope,
): Network {
  const { parent, named } = scope;
  const router = new openstack.networking.Router(
    named("router"),
    { ...label.described("router"), externalNetworkId },
    { parent },
  );
  const subnets = new Map(
    plan.subnets.map((subnet) => [subnet.name, createSubnet(plan, subnet, router, label, scope)]),
  );
  return { router, subnets, podRoutes: createPodRoutes(plan, subnets, scope) };
}

function createSubnet(
  plan: LabPlan,
  { name, cidr, gateway }: SubnetPlan,
  router: openstack.networking.Router,
  label: Label,
  { parent, named }: Scope,
): NetworkSubnet {
  const network = new openstack.networking.Network(
    named(name),
    // Neutron refuses an MTU that leaves no room for its own encapsulation, and uses its maximum if none is set.
    { ...label.described(name), ...(plan.mtu.link !== FABRIC_FACTS.openstack.mtu && { mtu: plan.mtu.link }) },
    { parent },
  );
  compareMtu(plan, name, network);
  const subnet = new openstack.networking.Subnet(
    named(name),
    {
      ...label.described(name),
      networkId: network.id,
      cidr,
      gatewayIp: gateway,
      ipVersion: 4,
      allocationPools: allocationPools(plan, name, cidr),
    },
    // A new CIDR may overlap the old one, and Neutron refuses both at once. So everything in the subnet is deleted
    // first: each resource takes its inputs from the subnet. Deleting a network deletes its subnets.
    { parent, deletedWith: network, deleteBeforeReplace: true },
  );
  const leg = new openstack.networking.RouterInterface(
    named(name),
    { routerId: router.id, subnetId: subnet.id },
    { parent, deleteBeforeReplace: true },
  );
  return { network, subnet, leg };
}

/**
 * The pools from which Neutron's own ports (DHCP, metadata, distributed router) get addresses. They exclude the nodes'
 * addresses: Neutron picks addresses at random, and might take a node's
 * (neutron/ipam/drivers/neutrondb_ipam/driver.py). A port may have a fixed address outside the pools.
 */
export function allocationPools(
  { nodes }: Pick<LabPlan, "nodes">,
  subnet: string,
  cidr: string,
): { start: string; end: string }[] {
  const { first, prefix } = parseCidr(cidr);
  const taken = new Set(
    nodes.filter((node) => node.subnet === subnet).map(({ address }) => toNumber(address) - first),
  );
  const end = 2 ** (32 - prefix) < SMALL.below ? SMALL.end : POOL.end;
  const pools: { start: string; end: string }[] = [];
  for (let offset: number = POOL.first; offset < end; offset++) {
    if (taken.has(offset)) continue;
    const last = pools.at(-1);
    const address = toAddress(first + offset);
    if (last?.end === toAddress(first + offset - 1)) last.end = address;
    else pools.push({ start: address, end: address });
  }
  return pools;
}

/**
 * Router routes to the pods, one per node block. They make direct paths across subnets work. A route's name contains
 * block and next hop: under a second name, the provider would add the same route again and fail because it exists.
 */
function createPodRoutes(
  { podRoutes, nodes }: LabPlan,
  subnets: Network["subnets"],
  { parent, named }: Scope,
): openstack.networking.RouterRoute[] {
  return podRoutes.map(({ block, node, via }) => {
    const { subnet } = nodes.find(({ name }) => name === node) as NodePlan;
    const { leg } = subnets.get(subnet) as NetworkSubnet;
    return new openstack.networking.RouterRoute(
      named(`pods-${block.replace("/", "-")}-via-${via}`),
      // The router's id from its interface: when the interface is replaced, so is the route, and the route is deleted
      // first.
      { routerId: leg.routerId, destinationCidr: block, nextHop: via },
      // Neutron takes only a next hop it is connected to, and refuses to delete an interface that a route needs. So not
      // deletedWith.
      { parent, dependsOn: leg },
    );
  });
}

/** A warning if Neutron may refuse that many routes, else undefined. */
export function podRoutesWarning({ podRoutes }: Pick<LabPlan, "podRoutes">): string | undefined {
  if (podRoutes.length <= MAX_ROUTES) return undefined;
  return `podRoutes makes ${podRoutes.length} routes, and a Neutron router usually takes ${MAX_ROUTES}; if this cloud refuses them, set podRoutes to false or use fewer nodes`;
}

/**
 * Compares the MTU that Neutron has chosen with the plan's, from which the verdict was made. A smaller one would lose what the
 * verdict says works: the pods' full-sized packets in a tunnel. Neutron says it as soon as the network exists, so the run ends
 * before the ports and machines are made.
 */
function compareMtu({ mtu }: LabPlan, name: string, network: openstack.networking.Network): void {
  network.mtu.apply(async (given) => {
    const problem = mtuProblem(name, mtu.link, given, pulumi.getStack());
    if (problem?.fatal) throw new pulumi.RunError(problem.message);
    if (problem) await pulumi.log.warn(problem.message, network);
  });
}

/**
 * What is wrong with Neutron's MTU, else undefined. Both in bytes.
 * @param given 0 if Neutron does not report an MTU.
 * @returns `fatal` if it is smaller than planned. Then packets are lost; a larger one is only not used.
 */
export function mtuProblem(
  name: string,
  planned: number,
  given: number | undefined,
  stack: string,
): { fatal: boolean; message: string } | undefined {
  if (!given || given === planned) return undefined;
  const fatal = given < planned;
  const effect = fatal
    ? "tunnelled packets of full size would be lost, although the verdict says that they pass"
    : "so packets are smaller than they could be";
  return {
    fatal,
    message: `network ${name} has an MTU of ${given} bytes, and the plan assumes ${planned}: ${effect}; make them equal: pulumi -s ${stack} config set encaplab:mtu ${given}, and run up again`,
  };
}
