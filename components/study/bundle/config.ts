/** A plan as the config that gives it again: all that the plan depends on, and nothing of the machines or their access. */
import { BOTH_SITES, CONTAINERS, type RawConfig } from "../../config";
import {
  AS_NUMBER,
  encapsulationOf,
  isTested,
  type LabPlan,
  type PoolPlan,
  type TenantPlan,
} from "../../plan";

/**
 * The keys of a stack file whose plan and verdict are the given ones. Every address is written out, so that a later version
 * of encaplab gives no node another one. Pure.
 */
export function configOf(plan: LabPlan): RawConfig {
  const { cloud, fabric, backend, onTwin, onContainers, ipPool, ipPools, versions, faults } = plan;
  const hasOwnFabric = cloud === "aws" || cloud === "openstack";
  return {
    cloud,
    ...(!hasOwnFabric && { fabric }),
    ...(cloud !== "twin" && onTwin && { rehearse: true }),
    ...(cloud !== "hosts" && onContainers && { rehearse: "containers" as const }),
    encapsulation: encapsulationOf(ipPool),
    ...(!plan.calico && { calico: { install: "none" as const } }),
    ...bgpOf(plan),
    natOutgoing: ipPool.natOutgoing,
    podCidr: ipPool.cidr,
    blockSize: ipPool.blockSize,
    ...(ipPools && { ipPools: ipPools.map(poolOf) }),
    serviceCidr: plan.serviceCidr,
    topology: plan.subnets.map(({ name, cidr }) => ({
      name,
      cidr,
      nodes: plan.nodes
        .filter(({ subnet }) => subnet === name)
        .map((node) => ({ name: node.name, role: node.role, address: node.address })),
    })),
    ...sitesOf(plan),
    mtu: plan.mtu.link,
    kubernetesVersion: versions.kubernetes,
    calicoVersion: versions.calico,
    ...(!isTested(versions.calico, versions.kubernetes) && { allowUnsupported: true }),
    proxyMode: plan.proxyMode,
    ...(backend && { openstack: { backend } }),
    ...(cloud === "hosts" && onContainers && { hosts: { machines: CONTAINERS } }),
    ...routerOf(plan),
    ...(plan.tenant && { tenants: tenantsOf(plan.tenant) }),
    faults: faults
      .map((fault) =>
        typeof fault === "string" ? fault : { ...fault, nodes: fault.nodes && [...fault.nodes] },
      )
      .map(withoutGaps),
  };
}

/** The router between existing machines. How to log in there is not the bundle's to say: only where it is in the subnets. */
function routerOf({ cloud, onContainers, bgp, subnets }: LabPlan): Pick<RawConfig, "hosts"> {
  const addresses = subnets.map(({ gateway }) => gateway);
  const [address] = addresses;
  if (cloud !== "hosts" || onContainers || bgp.gatewayAsNumber === undefined || !address) return {};
  return { hosts: { router: { address, addresses } } };
}

/** One of several pools. Its encapsulation is left out where it is that of the lab's key, which a switch changes. */
const poolOf = ({ follows, nodes, encapsulation, ...pool }: PoolPlan) => ({
  ...pool,
  allowedUses: [...pool.allowedUses],
  ...(!follows && { encapsulation }),
  ...(nodes && { nodes: [...nodes] }),
});

/** Who exchanges routes, as far as it is not what a config without these keys means. */
function bgpOf({ calico, bgp, podRoutes }: LabPlan): RawConfig {
  const { enabled, asNumber, mesh, reflectors, gatewayAsNumber, keepsNextHop, exports } = bgp;
  const peering = {
    ...(asNumber !== AS_NUMBER && { asNumber }),
    ...(gatewayAsNumber !== undefined && gatewayAsNumber !== asNumber && { gatewayAsNumber }),
    ...(calico && enabled && !mesh && reflectors.length === 0 && { nodeToNodeMesh: false }),
    ...(keepsNextHop && { keepOriginalNextHop: true }),
    ...(!exports && { disableBGPExport: true }),
  };
  return {
    ...(!enabled && { bgp: "Disabled" as const }),
    ...(reflectors.length > 0 && { bgp: "routeReflectors" as const, routeReflectors: [...reflectors] }),
    ...(podRoutes.length > 0 && { podRoutes: "static" as const }),
    ...(gatewayAsNumber !== undefined && { podRoutes: "bgp" as const }),
    ...(Object.keys(peering).length > 0 && { peering }),
  };
}

/** The ports' addresses follow from the rest. */
const tenantsOf = ({ cidr, instances, ports, group, podRoutes }: TenantPlan) => ({
  cidr,
  instances: instances.map(({ name, host, address }) => ({ name, host, address })),
  ports: ports.map(({ node }) => node),
  securityGroup: [...group],
  podRoutes,
});

/**
 * The sites and their link, without its key: each lab makes its own. A site that is another stack stays out, since the
 * bundle's reader has no such stack; it changes no path of this lab.
 */
const sitesOf = ({ sites, link }: LabPlan): Pick<RawConfig, "sites" | "link"> =>
  sites && link
    ? {
        sites: sites.map(({ name, subnets, gateway }) => ({
          name,
          subnets: [...subnets],
          ...(gateway !== undefined && { gateway }),
        })),
        link: {
          ike: link.ike,
          initiator: link.initiators.length > 1 ? BOTH_SITES : link.initiators[0],
          proposals: { ...link.proposals },
          selectors: link.selectors,
          mtu: link.mtu.path,
        },
      }
    : {};

/** YAML and the config's schema know no `undefined`. */
const withoutGaps = <T>(value: T): T =>
  typeof value === "object" && value !== null
    ? (Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T)
    : value;
