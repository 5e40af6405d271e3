/** What each fabric does to the packets of its nodes, as data. */
import type { Fabric, NeutronBackend } from "../config";
import { type AntiSpoofing, BOTH, type FabricFacts, PLAIN } from "./fabric-facts";
import { LAYER3_FACTS } from "./fabric-layer3";
import type { LabPlan } from "./lab";
import type { NodePlan } from "./topology";

export type { AntiSpoofing, FabricFacts, Layer3 } from "./fabric-facts";

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
  plain: PLAIN,
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
