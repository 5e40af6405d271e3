/**
 * The firewall table: every port and protocol that a Calico cluster may need, whether this lab needs it, and why.
 * The table depends on no cloud; each cloud turns the open rules into its own resources.
 *
 * Nodes may reach nodes, and pods that they reach without a tunnel, on every TCP and UDP port, as in kOps
 * (pkg/model/awsmodel/firewall.go: nodes to nodes everything, nodes to control planes everything but etcd). A group's
 * rule cannot tell the node from its pods, and pods listen on any port. kOps leaves ports out by ranges around them,
 * and so does this table: etcd, and what has a rule of its own because a fault can close it.
 */
import type { Cloud, Encapsulation } from "../config";
import { ENCAPSULATION_FACTS, type TunnelKind, VXLAN } from "./encapsulation";
import { fabricFacts } from "./fabric";
import type { LabPlan } from "./lab";
import { encapsulationsOf, encapsulationText, routesNeedBgp } from "./pool";
import { API_PORT } from "./port";
import type { FirewallRule, RuleName } from "./rule";

const BGP_PORT = 179;
const ETCD_PORTS = [2379, 2380] as const;
const LAST_PORT = 65_535;

/** Why a node's TCP to other nodes and to their pods is open. */
const TO_PODS =
  "a node sends to pods of other nodes: the API server to webhooks, kubelets, and kube-proxy for a NodePort.";

/** What the table depends on. */
export interface FirewallNeeds {
  cloud: Cloud;
  encapsulation: Encapsulation;
  ipPools?: LabPlan["ipPools"];
  /** Whether BIRD runs. */
  bgp: boolean;
  /** Whether un-encapsulated packets with a pod's address leave a node. */
  podAddressesOnWire: boolean;
}

type Need = Pick<FirewallRule, "needed" | "why">;

/** The firewall table of a lab without faults: every rule that is needed is open. */
export function planFirewall(lab: FirewallNeeds): FirewallRule[] {
  const { podAddressesOnWire } = lab;
  const modes = encapsulationsOf(lab);
  const mode = encapsulationText(lab);
  const tunneling = (kind: TunnelKind) => modes.filter((one) => ENCAPSULATION_FACTS[one].tunnel === kind);
  const [ipip, vxlan] = [tunneling("ipip"), tunneling("vxlan")];
  const need = (needed: boolean, yes: string, no: string): Need => ({ needed, why: needed ? yes : no });
  const always = (why: string): Need => ({ needed: true, why });
  const tcp = (first: number, last = first) => ({ protocol: "tcp" as const, ports: [first, last] as const });
  const table: Omit<FirewallRule, "open">[] = [
    { name: "ssh", ...tcp(22), source: "operator", ...always("SSH, for your logins and for kubeadm") },
    { name: "api-operator", ...tcp(API_PORT), source: "operator", ...always("kubectl from your machine") },
    { name: "nodeport", ...tcp(30000, 32767), source: "operator", ...always("Services of type NodePort") },
    {
      name: "nodes-tcp-1",
      ...tcp(1, BGP_PORT - 1),
      source: "nodes",
      ...always(
        lab.cloud === "openstack"
          ? `${TO_PODS} SSH too: only the control plane has a floating IP, and the other nodes are reached through it`
          : TO_PODS,
      ),
    },
    {
      name: "nodes-tcp-180",
      ...tcp(BGP_PORT + 1, ETCD_PORTS[0] - 1),
      source: "nodes",
      ...always(`${TO_PODS} All ports but 179 (BGP), which has its own rule, and etcd's`),
    },
    {
      name: "etcd",
      ...tcp(...ETCD_PORTS),
      source: "nodes",
      ...need(false, "", "the lab has one control plane, and its etcd runs on the same node"),
    },
    {
      name: "nodes-tcp-2381",
      ...tcp(ETCD_PORTS[1] + 1, LAST_PORT),
      source: "nodes",
      ...always(
        `${TO_PODS} The API server (6443), kubelets (10250), Typha (5473) and NodePorts are here, too`,
      ),
    },
    {
      name: "nodes-udp-1",
      protocol: "udp",
      ports: [1, VXLAN.port - 1],
      source: "nodes",
      ...always("a node asks the cluster's DNS, and kube-proxy gives packets to a NodePort a node's address"),
    },
    {
      name: "nodes-udp-4790",
      protocol: "udp",
      ports: [VXLAN.port + 1, LAST_PORT],
      source: "nodes",
      ...always(`as below ${VXLAN.port} (VXLAN), which has its own rule`),
    },
    {
      name: "icmp",
      protocol: "icmp",
      source: "nodes",
      ...always("ping, and path MTU discovery between nodes"),
    },
    {
      name: "bgp",
      ...tcp(BGP_PORT),
      source: "nodes",
      ...need(
        lab.bgp,
        routesNeedBgp(lab)
          ? "BIRD exchanges the nodes' blocks over BGP"
          : `Felix programs the routes of ${mode}, but BIRD runs too, and calico-node is ready only when its BGP sessions are up`,
        "bgp is Disabled: Felix programs the routes of VXLAN, and BIRD does not run",
      ),
    },
    {
      name: "ipip",
      protocol: "4",
      source: "nodes",
      ...need(
        ipip.length > 0,
        `${ipip.join(", ")} carries pod packets in IP protocol 4`,
        `${mode} has no IP-in-IP tunnel`,
      ),
    },
    {
      name: "vxlan",
      protocol: "udp",
      ports: [VXLAN.port, VXLAN.port],
      source: "nodes",
      ...need(
        vxlan.length > 0,
        `${vxlan.join(", ")} carries pod packets in UDP ${VXLAN.port}`,
        `${mode} has no VXLAN tunnel`,
      ),
    },
    {
      name: "pod-cidr",
      protocol: "all",
      source: "pods",
      ...need(
        podAddressesOnWire,
        "un-encapsulated packets have a pod's address, which a rule that names the group does not match",
        "every packet between nodes has a node's address",
      ),
    },
  ];
  return table.map((rule) => ({ ...rule, open: rule.needed }));
}

/** The rule of this name in a plan's table, which has every name once. */
export const ruleOf = (plan: Pick<LabPlan, "firewall">, name: RuleName): FirewallRule =>
  plan.firewall.find((rule) => rule.name === name) as FirewallRule;

/** Whether the packets that a rule is for get through: the rule is open, or nodes have no security group. */
export const letsThrough = (
  plan: Pick<LabPlan, "firewall" | "fabric" | "backend">,
  name: RuleName,
): boolean => !fabricFacts(plan).securityGroup || ruleOf(plan, name).open;
