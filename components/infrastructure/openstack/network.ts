/** The network: a Neutron network and subnet per subnet of the plan, and the router between them and to the outside. */
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
import type { Label } from "./tags";

/** The addresses from the third one up to the tenth: where Neutron's own ports find a place, below the plan's nodes. */
const POOL = { first: 2, end: 10 } as const;
/** In a small subnet nodes start at .4, so .2 and .3 must do. */
const SMALL = { below: 64, end: 4 } as const;

/** Neutron's `max_routes`, unless the cloud set another (neutron/conf/db/extraroute_db.py); no API tells. */
const MAX_ROUTES = 30;

/** What stands for one subnet of the plan. */
export interface NetworkSubnet {
  network: openstack.networking.Network;
  subnet: openstack.networking.Subnet;
  /** The router's leg in the subnet. */
  leg: openstack.networking.RouterInterface;
}

export interface Network {
  router: openstack.networking.Router;
  /** By the names of the plan's subnets. */
  subnets: ReadonlyMap<string, NetworkSubnet>;
  podRoutes: openstack.networking.RouterRoute[];
}

export function createNetwork(
  plan: LabPlan,
  externalNetworkId: pulumi.Input<string>,
  label: Label,
  parent: pulumi.Resource,
): Network {
  const router = new openstack.networking.Router(
    "router",
    { ...label.described("router"), externalNetworkId },
    { parent },
  );
  const subnets = new Map(
    plan.subnets.map((subnet) => [subnet.name, createSubnet(plan, subnet, router, label, parent)]),
  );
  return { router, subnets, podRoutes: createPodRoutes(plan, subnets, parent) };
}

function createSubnet(
  plan: LabPlan,
  { name, cidr, gateway }: SubnetPlan,
  router: openstack.networking.Router,
  label: Label,
  parent: pulumi.Resource,
): NetworkSubnet {
  const network = new openstack.networking.Network(
    name,
    // Neutron refuses more than its own encapsulation leaves room for, and takes its maximum when nothing is said.
    { ...label.described(name), ...(plan.mtu.link !== FABRIC_FACTS.openstack.mtu && { mtu: plan.mtu.link }) },
    { parent },
  );
  compareMtu(plan, name, network);
  const subnet = new openstack.networking.Subnet(
    name,
    {
      ...label.described(name),
      networkId: network.id,
      cidr,
      gatewayIp: gateway,
      ipVersion: 4,
      allocationPools: allocationPools(plan, name, cidr),
    },
    // Another CIDR may overlap the old one, which Neutron refuses beside it: all that is in the subnet goes first, told by
    // what it has of the subnet. A network takes its subnets along.
    { parent, deletedWith: network, deleteBeforeReplace: true },
  );
  const leg = new openstack.networking.RouterInterface(
    name,
    { routerId: router.id, subnetId: subnet.id },
    { parent, deleteBeforeReplace: true },
  );
  return { network, subnet, leg };
}

/**
 * Where Neutron's own ports (DHCP, metadata, a distributed router's) get their addresses: never where a node shall be,
 * for Neutron hands addresses out at random and a node's may then be gone (neutron/ipam/drivers/neutrondb_ipam/driver.py).
 * A port may have a fixed address outside the pools.
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
 * Routes of the router to the pods, one per node's block: the mend for direct paths across subnets. A route is named after
 * all that it is: the provider fails on a route that is there already, so it must never come under another name.
 */
function createPodRoutes(
  { podRoutes, nodes }: LabPlan,
  subnets: Network["subnets"],
  parent: pulumi.Resource,
): openstack.networking.RouterRoute[] {
  return podRoutes.map(({ block, node, via }) => {
    const { subnet } = nodes.find(({ name }) => name === node) as NodePlan;
    const { leg } = subnets.get(subnet) as NetworkSubnet;
    return new openstack.networking.RouterRoute(
      `pods-${block.replace("/", "-")}-via-${via}`,
      // The router as the leg has it: where the leg is replaced, the route over it is too, and goes first.
      { routerId: leg.routerId, destinationCidr: block, nextHop: via },
      // Neutron takes only a next hop it is connected to, and keeps a leg over which a route goes: not deletedWith.
      { parent, dependsOn: leg },
    );
  });
}

/** What the user should know of routes that Neutron may refuse. */
export function podRoutesWarning({ podRoutes }: Pick<LabPlan, "podRoutes">): string | undefined {
  if (podRoutes.length <= MAX_ROUTES) return undefined;
  return `podRoutes makes ${podRoutes.length} routes, and a Neutron router usually takes ${MAX_ROUTES}; should this cloud refuse them, set podRoutes to false or have fewer nodes`;
}

/** The plan reckons before Neutron has spoken; where Neutron then gives another MTU, that is said, and how to mend it. */
function compareMtu({ mtu }: LabPlan, name: string, network: openstack.networking.Network): void {
  network.mtu.apply(async (given) => {
    const warning = mtuWarning(name, mtu.link, given);
    if (warning) await pulumi.log.warn(warning, network);
  });
}

/** @param given 0 where Neutron has no word for MTU. */
export function mtuWarning(name: string, planned: number, given: number | undefined): string | undefined {
  if (!given || given === planned) return undefined;
  return `network ${name} has an MTU of ${given} bytes, and the plan reckons with ${planned}; make them one: pulumi config set encaplab:mtu ${given}`;
}
