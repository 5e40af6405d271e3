/** What each fabric does to the packets of its nodes, as data. */
import type { Fabric } from "../config";
import type { LabPlan } from "./lab";

/** What a fabric does to the packets of its nodes. */
export interface FabricFacts {
  /** The node's network interface, as the cloud's Ubuntu image names it. */
  nic: string;
  /** Default MTU of the link in bytes: EC2 jumbo frames, a usual Neutron tenant network, Ethernet. */
  mtu: number;
  /** Whether every node is behind a stateful security group. */
  securityGroup: boolean;
  /** The check that drops packets whose address is not the node's own; undefined where there is none. */
  antiSpoofing: AntiSpoofing | undefined;
  /** What the cloud calls the router between subnets. It knows the subnets, not the pods. */
  gateway: string;
}

/** A cloud's anti-spoofing check, in the cloud's own terms. */
export interface AntiSpoofing {
  /** Its name, in a form that can be the subject of a sentence. */
  name: string;
  /** The fault that leaves it on although the encapsulation needs it off. */
  fault: "source-dest-check" | "port-security";
  /** How to make it let pod addresses through, as an instruction. */
  fix: string;
  /** URL of the page that documents it. */
  reference: string;
}

/** The facts of each fabric. */
export const FABRIC_FACTS: Record<Fabric, FabricFacts> = {
  aws: {
    nic: "ens5",
    mtu: 9001,
    securityGroup: true,
    antiSpoofing: {
      name: "the source/dest check",
      fault: "source-dest-check",
      fix: "turn the instance's source/dest check off",
      reference:
        "https://docs.aws.amazon.com/vpc/latest/userguide/VPC_NAT_Instance.html#EIP_Disable_SrcDestCheck",
    },
    gateway: "VPC router",
  },
  openstack: {
    nic: "ens3",
    mtu: 1450,
    securityGroup: true,
    antiSpoofing: {
      name: "port security",
      fault: "port-security",
      fix: "put the pod CIDR into the port's allowed address pairs",
      reference: "https://docs.openstack.org/neutron/latest/admin/archives/introduction.html",
    },
    gateway: "Neutron router",
  },
  plain: { nic: "eth0", mtu: 1500, securityGroup: false, antiSpoofing: undefined, gateway: "router" },
};

/** The facts of a plan's fabric. */
export const fabricFacts = (plan: Pick<LabPlan, "fabric">): FabricFacts => FABRIC_FACTS[plan.fabric];
