/** The plan: the wanted lab as pure data. */
import {
  type Cloud,
  CONTAINERS,
  type Encapsulation,
  type Fabric,
  type Fault,
  type LabConfig,
} from "../config";
import { checkConfig, fabricOf } from "./check";
import { type Carrier, ENCAPSULATION_FACTS, type EncapsulationFacts } from "./encapsulation";
import { FABRIC_FACTS, type FabricFacts } from "./fabric";
import { FAULT_FACTS } from "./fault";
import { planFirewall } from "./firewall";
import type { FirewallRule } from "./rule";
import { type NodePlan, planNodes, planSubnets, type SubnetPlan } from "./topology";
import { planVersions, type Versions } from "./versions";

export interface LabPlan {
  cloud: Cloud;
  /** True when the network twin stands in for the cloud (`cloud: twin`, or `rehearse: true`). */
  onTwin: boolean;
  /** True when the whole lab is on this machine: the twin, or node containers. Such a lab costs nothing. */
  onThisMachine: boolean;
  fabric: Fabric;
  encapsulation: Encapsulation;
  /** Calico's IPPool. `cidr` and `blockSize` of an existing pool cannot change. */
  ipPool: Pick<EncapsulationFacts, "ipipMode" | "vxlanMode"> & {
    cidr: string;
    blockSize: number;
    natOutgoing: boolean;
  };
  serviceCidr: string;
  /** Whether Calico is installed. Without it, pods are routed as with `None`, whatever the config says. */
  calico: boolean;
  /** `enabled`: BIRD runs and speaks BGP. Under VXLAN it programs no routes: Felix does that. */
  bgp: { enabled: boolean; asNumber: number };
  /** In bytes: `link` under the nodes, `tunnel` on tunl0 or vxlan.calico, `pod` on the pods' veth pairs. */
  mtu: { link: number; tunnel: number; pod: number };
  subnets: SubnetPlan[];
  nodes: NodePlan[];
  /** The one of `nodes` that runs the API server. */
  controlPlane: NodePlan;
  firewall: FirewallRule[];
  /**
   * `needed`: un-encapsulated packets with a pod's address leave a node, so anti-spoofing must let them through.
   * `allowsPods`: it does.
   */
  antiSpoofing: { needed: boolean; allowsPods: boolean };
  /** Routes of the gateway, one per node block; empty unless `podRoutes`. */
  podRoutes: { block: string; node: string; via: string }[];
  faults: readonly Fault[];
  versions: Versions;
  proxyMode: LabConfig["proxyMode"];
  /** What the user should know although nothing is wrong. */
  notes: string[];
}

/** Calico's default AS number. */
const AS_NUMBER = 64512;

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
  const declared = ENCAPSULATION_FACTS[config.encapsulation];
  // Without Calico the IPPool has no effect, so there is no tunnel.
  const encapsulation = hasCalico(config) ? config.encapsulation : "None";
  const facts = ENCAPSULATION_FACTS[encapsulation];
  const fabric = fabricOf(config);
  const subnets = planSubnets(config);
  const nodes = planNodes(config);
  // Work out what the lab needs without its faults: a fault breaks something, but the lab still needs the same.
  const healthy = planNodes({ ...config, faults: [] });
  const direct = healthy.some((a) =>
    healthy.some((b) => a.name !== b.name && carrierOf(facts, a, b) === "direct"),
  );
  const podAddressesOnWire = direct || !config.natOutgoing;
  // Keep BIRD running in every encapsulation. If a switch changed Calico's backend, the rollout of its DaemonSet would stop at
  // the first new pod, which waits for BGP peers that do not run BIRD yet, and every pod would lose its routes.
  // Without Calico, ignore the key: the twin uses BIRD in place of a cluster's static routes.
  const bgp = !hasCalico(config) || config.bgp !== "Disabled";
  const link = config.mtu ?? FABRIC_FACTS[fabric].mtu;
  const tunnel = link - facts.overhead;
  const spoofingFault = FABRIC_FACTS[fabric].antiSpoofing?.fault;
  const onTwin = config.cloud === "twin" || config.rehearse;
  const plan: Omit<LabPlan, "notes"> = {
    cloud: config.cloud,
    onTwin,
    onThisMachine: onTwin || (config.cloud === "hosts" && config.hosts?.machines === CONTAINERS),
    fabric,
    encapsulation,
    ipPool: {
      cidr: config.podCidr,
      blockSize: config.blockSize,
      ipipMode: declared.ipipMode,
      vxlanMode: declared.vxlanMode,
      natOutgoing: config.natOutgoing,
    },
    serviceCidr: config.serviceCidr,
    calico: hasCalico(config),
    bgp: { enabled: bgp, asNumber: AS_NUMBER },
    mtu: { link, tunnel, pod: config.faults.includes("mtu-too-big") ? link : tunnel },
    subnets,
    nodes,
    controlPlane: nodes.find(({ role }) => role === "control-plane") as NodePlan,
    firewall: planFirewall({ ...config, encapsulation }, bgp, podAddressesOnWire, nodes.length),
    antiSpoofing: {
      needed: podAddressesOnWire,
      allowsPods: podAddressesOnWire && !config.faults.some((fault) => fault === spoofingFault),
    },
    podRoutes: config.podRoutes
      ? nodes.map(({ name, block, address }) => ({ block, node: name, via: address }))
      : [],
    faults: config.faults,
    versions: planVersions(config.kubernetesVersion, config.calicoVersion),
    proxyMode: config.proxyMode,
  };
  const notes = notesOn(plan);
  if (!hasCalico(config)) {
    notes.push(
      `calico.install is none: the IPPool says ${config.encapsulation}, but without Calico pods are routed as with None`,
    );
  }
  return { ...plan, notes };
}

/** Whether the lab installs Calico. Without Calico, the IPPool has no effect. */
export const hasCalico = ({ calico }: LabConfig): boolean => calico?.install !== "none";

/** How pod packets travel between two different nodes once the routes exist. */
export function carrierBetween(plan: Pick<LabPlan, "encapsulation">, from: NodePlan, to: NodePlan): Carrier {
  return carrierOf(ENCAPSULATION_FACTS[plan.encapsulation], from, to);
}

function carrierOf(facts: EncapsulationFacts, from: NodePlan, to: NodePlan): Carrier {
  if (!facts.tunnel) return "direct";
  return facts.crossSubnet && sharesRecordedSubnet(from, to) ? "direct" : facts.tunnel;
}

/** Calico compares the recorded addresses with their prefix lengths, so a /32 is alone in its subnet. */
function sharesRecordedSubnet(from: NodePlan, to: NodePlan): boolean {
  return (
    from.subnet === to.subnet && !from.recordedAddress.endsWith("/32") && !to.recordedAddress.endsWith("/32")
  );
}

/** The facts of a plan's fabric. */
export const fabricFacts = (plan: Pick<LabPlan, "fabric">): FabricFacts => FABRIC_FACTS[plan.fabric];

/**
 * Whether the gateway between the subnets is the lab's own, so that `podRoutes: true` can program it. The gateway between
 * existing machines belongs to their owner; the lab makes the one between node containers.
 */
export const ownsGateway = ({ cloud, onThisMachine }: Pick<LabPlan, "cloud" | "onThisMachine">): boolean =>
  cloud !== "hosts" || onThisMachine;

/** Whether the routes to pods come from BIRD and so depend on BGP. Under VXLAN, Felix programs them. */
export const routesNeedBgp = ({ encapsulation }: Pick<LabPlan, "encapsulation">): boolean =>
  ENCAPSULATION_FACTS[encapsulation].routesBy === "BIRD";

/** Whether one of the plan's faults changes the verdict by itself: a path, or which nodes are ready. */
export function hasEffect(plan: Omit<LabPlan, "notes">, fault: Fault): boolean {
  const pairs = plan.nodes.flatMap((a) => plan.nodes.filter((b) => b !== a).map((b) => [a, b] as const));
  const tunnels = pairs.some(([a, b]) => carrierBetween(plan, a, b) !== "direct");
  const isClosed = plan.firewall.some(({ closedBy }) => closedBy === fault);
  switch (fault) {
    case "bgp-blocked":
      return isClosed && pairs.length > 0;
    case "ipip-blocked":
    case "vxlan-blocked":
      return isClosed && tunnels;
    case "pod-cidr-blocked":
      return isClosed && pairs.some(([a, b]) => podAddressArrives(plan, a, b));
    case "mtu-too-big":
      return tunnels;
    case "node-as-32":
      return (
        ENCAPSULATION_FACTS[plan.encapsulation].crossSubnet && pairs.some(([a, b]) => a.subnet === b.subnet)
      );
    case "source-dest-check":
    case "port-security":
      return plan.antiSpoofing.needed;
  }
}

/** Whether packets with a pod's address as their source reach another node's security group. */
function podAddressArrives(plan: Omit<LabPlan, "notes">, from: NodePlan, to: NodePlan): boolean {
  // Packets to a node travel without a tunnel, and the gateway knows the nodes.
  if (!plan.ipPool.natOutgoing) return true;
  if (carrierBetween(plan, from, to) !== "direct") return false;
  return from.subnet === to.subnet || plan.podRoutes.length > 0;
}

function notesOn(plan: Omit<LabPlan, "notes">): string[] {
  const notes = plan.faults.map((fault) => noteOn(plan, fault));
  if (plan.proxyMode === "ipvs")
    notes.push("proxyMode ipvs is deprecated since Kubernetes 1.35; use nftables instead");
  return notes;
}

function noteOn(plan: Omit<LabPlan, "notes">, fault: Fault): string {
  if (!hasEffect(plan, fault))
    return `fault ${fault} changes nothing here: no path of this lab depends on what it breaks`;
  const note = `fault ${fault} is set on purpose: ${FAULT_FACTS[fault].means}`;
  if (fault !== "bgp-blocked" || routesNeedBgp(plan)) return note;
  return `${note}; under ${plan.encapsulation} it changes whether calico-node is ready, but no path`;
}
