/** The plan: the wanted lab as pure data. */
import type { Encapsulation, FaultSetting, LabConfig } from "../config";
import { overlap, parseCidr } from "./addressing";
import { carrierBetween } from "./carrier";
import { checkConfig } from "./check";
import { ENCAPSULATION_FACTS, type EncapsulationFacts, TUNNELS, type TunnelKind } from "./encapsulation";
import { INTERNET } from "./endpoint";
import { fabricFacts } from "./fabric";
import { withFaults } from "./fault";
import { planFirewall } from "./firewall";
import { type PeerSitePlan, planPeerSite } from "./peer-site";
import { type BgpPlan, planBgp } from "./peering";
import { type Placement, placementOf } from "./placement";
import { blocksOf, overheadOf, type PoolPlan, type Pools, planPools } from "./pool";
import { addressesOf } from "./route";
import type { FirewallRule } from "./rule";
import { planServices, type ServicePlan } from "./service";
import { type LinkPlan, planLink, planSites, type SitePlan } from "./site";
import { planTenant, type TenantPlan } from "./tenant";
import { controlPlaneOf, type NodePlan, planNodes, planSubnets, type SubnetPlan } from "./topology";
import { planVersions, type Versions } from "./versions";

/** What a lab shall be, as {@link planLab} makes it. */
export interface LabPlan extends Placement {
  /**
   * How pod packets travel. Without Calico it is `None`, whatever the config says. With several pools it is that of those
   * which name none of their own; see `encapsulationAt`.
   */
  encapsulation: Encapsulation;
  /**
   * Calico's IPPool as the config declares it. `cidr` and `blockSize` of an existing pool cannot change. With several pools,
   * `cidr` is the range of all of them, and the rest is what a pool leaves out.
   */
  ipPool: Pick<EncapsulationFacts, "ipipMode" | "vxlanMode"> & {
    cidr: string;
    /** Prefix length of a node's block, in bits. */
    blockSize: number;
    natOutgoing: boolean;
  };
  /** The pools, by name. Absent in a lab with one. */
  ipPools?: PoolPlan[];
  serviceCidr: string;
  /** Whether Calico is installed. Without it the IPPool has no effect. */
  calico: boolean;
  bgp: BgpPlan;
  /**
   * In bytes: `link` under the nodes, `tunnel` on tunl0 or vxlan.calico, `pod` on the pods' veth pairs. With several pools,
   * `tunnel` is the narrowest, and `tunnels` has both.
   */
  mtu: { link: number; tunnel: number; pod: number; tunnels?: Record<TunnelKind, number> };
  subnets: SubnetPlan[];
  /** The sites, and the tunnel that joins them. Absent in a lab whose subnets share one router. */
  sites?: SitePlan[];
  link?: LinkPlan;
  /** The other site, where that is another stack. Absent in a lab without `link.peer`. */
  peerSite?: PeerSitePlan;
  nodes: NodePlan[];
  /** The one of `nodes` that runs the API server. */
  controlPlane: NodePlan;
  /** The Services that the lab measures with. Only the twin has them: a cluster is given none. */
  services: ServicePlan[];
  /** The firewall table, made once: clouds and the verdict read it here. */
  firewall: FirewallRule[];
  /**
   * `needed`: un-encapsulated packets with a pod's address leave a node, so anti-spoofing must let them through.
   * `allowsPods`: it does so on some node; each node's `host` says whether it does on that one.
   */
  antiSpoofing: { needed: boolean; allowsPods: boolean };
  /** Static routes of the gateway, one for each block of a node; empty unless `podRoutes: static`. */
  podRoutes: { block: string; node: string; via: string }[];
  /** The tenant network whose compute hosts are the nodes. Absent without one. */
  tenant?: TenantPlan;
  /** The faults whose effects are in the plan; see {@link withFaults}. */
  faults: readonly FaultSetting[];
  versions: Versions;
  proxyMode: LabConfig["proxyMode"];
}

/**
 * Turns a config into a plan. Pure.
 *
 * @example
 * ```ts
 * import { parseConfig, planLab } from "encaplab";
 *
 * const { mtu, nodes } = planLab(parseConfig({ cloud: "aws", encapsulation: "VXLAN" }));
 * console.log(`pods have an MTU of ${mtu.pod} bytes on ${nodes.map(({ name }) => name).join(", ")}`);
 * ```
 * @throws {ConfigError} listing every problem found in the config.
 */
export function planLab(config: LabConfig): LabPlan {
  checkConfig(config);
  return withFaults(planHealthy(config), config.faults);
}

/** The plan without faults. What the lab needs is worked out here: a fault breaks something, but the need remains. */
function planHealthy(config: LabConfig): LabPlan {
  const calico = hasCalico(config);
  const { ipipMode, vxlanMode } = ENCAPSULATION_FACTS[config.encapsulation];
  // Without Calico the IPPool has no effect, so there is no tunnel.
  const encapsulation = calico ? config.encapsulation : "None";
  // Keep BIRD running in every encapsulation. If a switch changed Calico's backend, the rollout of its DaemonSet would stop
  // at the first new pod, which waits for BGP peers that do not run BIRD yet, and every pod would lose its routes.
  // Without Calico, ignore the key: the twin uses BIRD in place of a cluster's static routes.
  const bgp = !calico || config.bgp !== "Disabled";
  const placement = placementOf(config);
  const nodes = planNodes(config);
  const ipPools = planPools(config);
  const podAddressesOnWire =
    keepsPodAddress(config, ipPools) || someDirect({ encapsulation, ipPools }, nodes);
  const link = config.mtu ?? fabricFacts(placement).mtu;
  const joined = planLink(config);
  const peerSite = planPeerSite(config, nodes);
  // Pods of two sites talk through the tunnel between them, and Calico has one MTU for all pods, as Neutron has for instances.
  const narrowest = Math.min(link, joined?.mtu.inner ?? link);
  const tunnel = narrowest - overheadOf({ encapsulation, ipPools });
  const { cloud } = placement;
  return {
    ...placement,
    encapsulation,
    ipPool: {
      cidr: config.podCidr,
      blockSize: config.blockSize,
      ipipMode,
      vxlanMode,
      natOutgoing: config.natOutgoing,
    },
    ...(ipPools && { ipPools }),
    serviceCidr: config.serviceCidr,
    calico,
    bgp: planBgp(config, bgp, calico),
    mtu: {
      link,
      tunnel,
      pod: tunnel,
      ...(ipPools && {
        tunnels: { ipip: narrowest - TUNNELS.ipip.overhead, vxlan: narrowest - TUNNELS.vxlan.overhead },
      }),
    },
    subnets: planSubnets(config),
    ...(joined && { sites: planSites(config, nodes), link: joined }),
    ...(peerSite && { peerSite }),
    nodes,
    controlPlane: controlPlaneOf(nodes),
    services: planServices(config, nodes),
    firewall: planFirewall({ cloud, encapsulation, ipPools, bgp, podAddressesOnWire }),
    antiSpoofing: { needed: podAddressesOnWire, allowsPods: podAddressesOnWire },
    podRoutes:
      config.podRoutes === "static"
        ? nodes.flatMap((node) =>
            blocksOf(node).map((block) => ({ block, node: node.name, via: node.address })),
          )
        : [],
    ...(config.tenants && { tenant: planTenant(config.tenants, narrowest) }),
    faults: [],
    versions: planVersions(config.kubernetesVersion, config.calicoVersion),
    proxyMode: config.proxyMode,
  };
}

/** Whether the lab installs Calico. Without Calico, the IPPool has no effect. */
export const hasCalico = ({ calico }: LabConfig): boolean => calico?.install !== "none";

/** Whether any two nodes send each other pod packets without a tunnel. */
const someDirect = (plan: Pools, nodes: readonly NodePlan[]): boolean =>
  nodes.some((b) =>
    addressesOf(b).some((address) =>
      nodes.some((a) => a !== b && carrierBetween(plan, a, b, address) === "direct"),
    ),
  );

/** Whether pods' packets to other addresses keep their source: by natOutgoing, or because a disabled pool has the address. */
function keepsPodAddress(
  { natOutgoing, topology }: LabConfig,
  pools: readonly PoolPlan[] | undefined,
): boolean {
  if (!pools) return !natOutgoing;
  const outside = [...topology.map(({ cidr }) => cidr), `${INTERNET.address}/32`];
  return pools.some(
    (pool) =>
      (!pool.disabled && !pool.natOutgoing) ||
      (pool.disabled && outside.some((range) => overlap(parseCidr(range), parseCidr(pool.cidr)))),
  );
}
