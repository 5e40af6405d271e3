/** What each fabric does to the packets of its nodes, as data. */
import type { Fabric, NeutronBackend } from "../config";
import { LAYER3_FACTS } from "./fabric-layer3";
import type { LabPlan } from "./lab";
import type { NodePlan } from "./topology";

/** What a fabric does to the packets of its nodes. */
export interface FabricFacts {
  /** What sentences call it. */
  name: string;
  /** The node's network interface, as the cloud's Ubuntu image names it. */
  nic: string;
  /** Default MTU of the link in bytes. */
  mtu: number;
  /** The largest MTU in bytes that the fabric carries; undefined where none is documented. */
  maxMtu?: number;
  /** Whether every node is behind a stateful security group that the lab sets. */
  securityGroup: boolean;
  /**
   * Whether a rule that names the security group also matches the pod addresses that anti-spoofing lets through. Where it
   * does not, un-encapsulated packets need a rule for the pod CIDR.
   */
  groupHasPods: boolean;
  /** The check that drops packets whose address is not the node's own; undefined where there is none. */
  antiSpoofing: AntiSpoofing | undefined;
  /** What the cloud calls the router between subnets. It knows the subnets, not the pods. */
  gateway: string;
  /** Whose packets to the internet the gateway translates: only those of the subnets' addresses, or any. */
  snat: "subnets" | "any";
  /** What `podRoutes` does on this fabric, as an instruction to whoever owns the network. */
  podRoutes: string;
  /** The cloud's own firewall, where it has one that the lab does not set. */
  ownFirewall?: string;
  /**
   * Set where nodes of one subnet are no neighbours on layer 2. Their packets pass the cloud's router, which looks at the
   * destination and knows no pods, so a direct path fails inside a subnet as it does between subnets.
   */
  layer3?: Layer3;
  /** Set where the fabric drops IP protocol 4. */
  dropsIpip?: { fix: string; reference: string };
  /** How many addresses at the start of a subnet no node can have; the network's own is the first. */
  reserved: number;
  /** Prefix lengths that a subnet can have, both included, and why. */
  prefixes: { min: number; max: number; why: string };
}

/** A fabric without a layer 2. */
export interface Layer3 {
  /**
   * The prefix length that a node's address has on its interface, in bits; undefined where it is the subnet's. Calico
   * records it, so with 32 CrossSubnet never finds two nodes in one subnet, and uses its tunnel everywhere.
   */
  hostPrefix?: 32;
  /** URL of the page or issue that says so. */
  reference: string;
}

/** A cloud's anti-spoofing check, in the cloud's own terms. */
export interface AntiSpoofing {
  /** Its name, in a form that can be the subject of a sentence. */
  name: string;
  /** Which address it looks at where a packet leaves its node (`out`), and where it reaches one (`in`). */
  checks: { out: readonly "source"[]; in: readonly ("source" | "destination")[] };
  /** The fault that leaves it on although the encapsulation needs it off, if the lab can have one. */
  fault?: "source-dest-check" | "port-security";
  /** Whether it lets a pod address through exactly where there is a route to it (`podRoutes`). */
  followsRoutes?: true;
  /** How to make it let pod addresses through, as an instruction. */
  fix: string;
  /** URL of the page that documents it. */
  reference: string;
}

/** A check of both addresses at the node's own port. */
const BOTH = { out: ["source"], in: ["destination"] } as const;

/** Neutron with OVN: measured on Neutron 29 and OVN 23.03, whose documentation says little of it. */
const OPENSTACK: FabricFacts = {
  name: "Neutron",
  nic: "ens3",
  // A usual tenant network with VXLAN. With Geneve it is often 1442, and `up` says so.
  mtu: 1450,
  securityGroup: true,
  // Measured: 0 of 5 packets from an address in an allowed address pair matched.
  groupHasPods: false,
  antiSpoofing: {
    name: "port security",
    checks: BOTH,
    fault: "port-security",
    fix: "put the pod CIDR into the port's allowed address pairs",
    reference: "https://docs.openstack.org/neutron/latest/admin/archives/introduction.html",
  },
  gateway: "Neutron router",
  // One SNAT entry per subnet, with its CIDR as `logical_ip` (neutron/plugins/ml2/drivers/ovn).
  snat: "subnets",
  podRoutes: "give the router a route per node block",
  reserved: 4,
  prefixes: { min: 8, max: 28, why: "to have room for nodes and for Neutron's own ports" },
};

/** Where Neutron's backends differ from each other. */
export const NEUTRON_BACKENDS: Record<NeutronBackend, FabricFacts> = {
  ovn: OPENSTACK,
  ovs: {
    ...OPENSTACK,
    // neutron/api/rpc/handlers/securitygroups_rpc.py, `_select_ips_for_remote_group`: fixed addresses and address pairs.
    groupHasPods: true,
    antiSpoofing: {
      ...(OPENSTACK.antiSpoofing as AntiSpoofing),
      // Tables 71 and 81 of neutron/agent/linux/openvswitch_firewall/firewall.py: `_initialize_egress` compares MAC and
      // source address, `_initialize_ingress` only sorts out ARP and DHCP. iptables_firewall.py has chains for the source
      // alone as well.
      checks: { out: ["source"], in: [] },
    },
    // neutron/agent/l3/router_info.py, `external_gateway_nat_snat_rules`: `-o qg-… -j SNAT`, without a source.
    snat: "any",
  },
};

/** The facts of each fabric. `openstack` is Neutron with OVN, see {@link NEUTRON_BACKENDS}. */
export const FABRIC_FACTS: Record<Fabric, FabricFacts> = {
  aws: {
    name: "EC2",
    nic: "ens5",
    // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/network_mtu.html
    mtu: 9001,
    maxMtu: 9001,
    securityGroup: true,
    // antrea#1080
    groupHasPods: false,
    antiSpoofing: {
      name: "the source/dest check",
      checks: BOTH,
      fault: "source-dest-check",
      fix: "turn the instance's source/dest check off",
      reference:
        "https://docs.aws.amazon.com/vpc/latest/userguide/VPC_NAT_Instance.html#EIP_Disable_SrcDestCheck",
    },
    gateway: "VPC router",
    snat: "subnets",
    podRoutes: "give the VPC's route table a route per node block",
    // https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
    reserved: 4,
    prefixes: { min: 16, max: 28, why: "as EC2 requires" },
  },
  openstack: OPENSTACK,
  plain: {
    name: "the network",
    nic: "eth0",
    mtu: 1500,
    securityGroup: false,
    groupHasPods: false,
    antiSpoofing: undefined,
    gateway: "router",
    snat: "subnets",
    podRoutes: "give the gateway a route per node block",
    reserved: 1,
    prefixes: { min: 8, max: 30, why: "to have room for nodes" },
  },
  ...LAYER3_FACTS,
};

/** Whether packets between two different nodes pass the fabric's router: between subnets, and without a layer 2 always. */
export const passesGateway = (
  plan: Pick<LabPlan, "fabric" | "backend">,
  a: Pick<NodePlan, "subnet">,
  b: Pick<NodePlan, "subnet">,
): boolean => a.subnet !== b.subnet || fabricFacts(plan).layer3 !== undefined;

/** The facts of a plan's fabric. Where Neutron's backend is unknown, it is taken for OVN. */
export const fabricFacts = ({ fabric, backend }: Pick<LabPlan, "fabric" | "backend">): FabricFacts =>
  fabric === "openstack" && backend ? NEUTRON_BACKENDS[backend] : FABRIC_FACTS[fabric];
