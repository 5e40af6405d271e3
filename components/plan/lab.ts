/** The plan: what the lab shall be, as pure data. */
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
  /** True when nothing of the lab is elsewhere: the twin, and node containers. Such a lab costs nothing. */
  onThisMachine: boolean;
  fabric: Fabric;
  encapsulation: Encapsulation;
  /** Calico's IPPool; `cidr` and `blockSize` cannot change afterwards. */
  ipPool: Pick<EncapsulationFacts, "ipipMode" | "vxlanMode"> & {
    cidr: string;
    blockSize: number;
    natOutgoing: boolean;
  };
  serviceCidr: string;
  /** Whether Calico acts on the IPPool. Without it pods are routed as with `None`, and no encapsulation can be chosen. */
  calico: boolean;
  /** Whether BIRD runs and speaks BGP. Under VXLAN it does so without programming routes, which are Felix's there. */
  bgp: { enabled: boolean; asNumber: number };
  /** Bytes. `link` under the nodes, `tunnel` on tunl0 or vxlan.calico, `pod` on the pods' veth pairs. */
  mtu: { link: number; tunnel: number; pod: number };
  subnets: SubnetPlan[];
  nodes: NodePlan[];
  firewall: FirewallRule[];
  /** `needed`: pod addresses leave a node un-encapsulated. `allowsPods`: and the fabric's anti-spoofing lets them. */
  antiSpoofing: { needed: boolean; allowsPods: boolean };
  /** Routes of the gateway, one per node block; empty unless `podRoutes`. */
  podRoutes: { block: string; node: string; via: string }[];
  faults: readonly Fault[];
  versions: Versions;
  proxyMode: LabConfig["proxyMode"];
  /** What the user should know though nothing is wrong. */
  notes: string[];
}

/** Calico's default AS number. */
const AS_NUMBER = 64512;

/**
 * Turns a config into a plan. Pure.
 * @throws {ConfigError} listing everything in the config that does not go together.
 */
export function planLab(config: LabConfig): LabPlan {
  checkConfig(config);
  const declared = ENCAPSULATION_FACTS[config.encapsulation];
  // Without Calico nobody makes a tunnel of what the IPPool says.
  const encapsulation = hasCalico(config) ? config.encapsulation : "None";
  const facts = ENCAPSULATION_FACTS[encapsulation];
  const fabric = fabricOf(config);
  const subnets = planSubnets(config);
  const nodes = planNodes(config);
  // What the lab needs is judged as if no fault were there: a fault breaks something, it does not change what is needed.
  const healthy = planNodes({ ...config, faults: [] });
  const direct = healthy.some((a) =>
    healthy.some((b) => a.name !== b.name && carrierOf(facts, a, b) === "direct"),
  );
  const podAddressesOnWire = direct || !config.natOutgoing;
  // Keep BIRD running in every encapsulation. If a switch changed Calico's backend, the rollout of its DaemonSet would stop at
  // the first new pod, which waits for BGP peers that do not run BIRD yet, and every pod would lose its routes.
  // Without Calico the key means nothing: on the twin BIRD programs what are static routes on a cluster.
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
      `calico.install is none: no Calico acts on the IPPool, which says ${config.encapsulation}; pods are routed as with None`,
    );
  }
  return { ...plan, notes };
}

/** Whether the lab shall have Calico, which gives the IPPool its meaning. */
export const hasCalico = ({ calico }: LabConfig): boolean => calico?.install !== "none";

/** How pod packets travel between two different nodes once routes are there. */
export function carrierBetween(plan: Pick<LabPlan, "encapsulation">, from: NodePlan, to: NodePlan): Carrier {
  return carrierOf(ENCAPSULATION_FACTS[plan.encapsulation], from, to);
}

function carrierOf(facts: EncapsulationFacts, from: NodePlan, to: NodePlan): Carrier {
  if (!facts.tunnel) return "direct";
  return facts.crossSubnet && sharesRecordedSubnet(from, to) ? "direct" : facts.tunnel;
}

/** Calico compares the recorded addresses with their prefix lengths: a /32 is in a subnet with itself alone. */
function sharesRecordedSubnet(from: NodePlan, to: NodePlan): boolean {
  return (
    from.subnet === to.subnet && !from.recordedAddress.endsWith("/32") && !to.recordedAddress.endsWith("/32")
  );
}

/** The fabric's facts of a plan. */
export const fabricFacts = (plan: Pick<LabPlan, "fabric">): FabricFacts => FABRIC_FACTS[plan.fabric];

/**
 * Whether the gateway between the subnets is the lab's own, so that `podRoutes: true` can program it. The gateway between
 * machines that exist already belongs to their owner; the one between node containers is made by the lab.
 */
export const ownsGateway = ({ cloud, onThisMachine }: Pick<LabPlan, "cloud" | "onThisMachine">): boolean =>
  cloud !== "hosts" || onThisMachine;

/** Whether pods' routes come from BIRD, so that they depend on BGP. Under VXLAN Felix programs them. */
export const routesNeedBgp = ({ encapsulation }: Pick<LabPlan, "encapsulation">): boolean =>
  ENCAPSULATION_FACTS[encapsulation].routesBy === "BIRD";

/** Whether a fault of the list, alone, changes the verdict on this plan: a path, or which nodes are ready. */
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

/** Whether packets with a pod's address as their source come as far as another node's security group. */
function podAddressArrives(plan: Omit<LabPlan, "notes">, from: NodePlan, to: NodePlan): boolean {
  // To nodes they travel without a tunnel, and the gateway knows nodes.
  if (!plan.ipPool.natOutgoing) return true;
  if (carrierBetween(plan, from, to) !== "direct") return false;
  return from.subnet === to.subnet || plan.podRoutes.length > 0;
}

function notesOn(plan: Omit<LabPlan, "notes">): string[] {
  const notes = plan.faults.map((fault) => noteOn(plan, fault));
  if (plan.proxyMode === "ipvs")
    notes.push("proxyMode ipvs is deprecated since Kubernetes 1.35; nftables succeeds it");
  return notes;
}

function noteOn(plan: Omit<LabPlan, "notes">, fault: Fault): string {
  if (!hasEffect(plan, fault))
    return `fault ${fault} changes nothing here: no path of this lab depends on what it breaks`;
  const note = `fault ${fault} is set on purpose: ${FAULT_FACTS[fault].means}`;
  if (fault !== "bgp-blocked" || routesNeedBgp(plan)) return note;
  return `${note}; under ${plan.encapsulation} it changes whether calico-node is ready, and no path`;
}
