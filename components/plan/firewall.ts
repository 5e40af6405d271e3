/**
 * The firewall table: every port and protocol that a Calico cluster may need, whether this lab needs it, and why.
 * The table depends on no cloud; each cloud turns the open rules into its own resources.
 */
import type { Cloud, Encapsulation } from "../config";
import { ENCAPSULATION_FACTS, VXLAN } from "./encapsulation";
import { fabricFacts } from "./fabric";
import type { LabPlan } from "./lab";
import type { FirewallRule, RuleName } from "./rule";

/** Above this many nodes Calico's manifest puts Typha between Felix and the API (docs: self-managed on-premises). */
const TYPHA_FROM_NODES = 50;

/** What the table depends on. */
export interface FirewallNeeds {
  cloud: Cloud;
  encapsulation: Encapsulation;
  /** Whether BIRD runs. */
  bgp: boolean;
  /** Whether un-encapsulated packets with a pod's address leave a node. */
  podAddressesOnWire: boolean;
  /** How many nodes there are. */
  nodes: number;
}

type Need = Pick<FirewallRule, "needed" | "why">;

/** The firewall table of a lab without faults: every rule that is needed is open. */
export function planFirewall(lab: FirewallNeeds): FirewallRule[] {
  const { encapsulation: mode, podAddressesOnWire, nodes } = lab;
  const { tunnel, routesBy } = ENCAPSULATION_FACTS[mode];
  const need = (needed: boolean, yes: string, no: string): Need => ({ needed, why: needed ? yes : no });
  const always = (why: string): Need => ({ needed: true, why });
  const tcp = (first: number, last = first) => ({ protocol: "tcp" as const, ports: [first, last] as const });
  const table: Omit<FirewallRule, "open">[] = [
    { name: "ssh", ...tcp(22), source: "operator", ...always("SSH, for your logins and for kubeadm") },
    {
      name: "ssh-jump",
      ...tcp(22),
      source: "nodes",
      ...need(
        lab.cloud === "openstack",
        "only the control plane has a floating IP, and the other nodes are reached through it",
        "no node is reached through another one",
      ),
    },
    { name: "api-operator", ...tcp(6443), source: "operator", ...always("kubectl from your machine") },
    { name: "nodeport", ...tcp(30000, 32767), source: "operator", ...always("Services of type NodePort") },
    { name: "api", ...tcp(6443), source: "nodes", ...always("kubelets and Calico talk to the API server") },
    {
      name: "etcd",
      ...tcp(2379, 2380),
      source: "nodes",
      ...need(false, "", "the lab has one control plane, and its etcd runs on the same node"),
    },
    { name: "kubelet", ...tcp(10250), source: "nodes", ...always("kubectl logs and exec, metrics") },
    {
      name: "icmp",
      protocol: "icmp",
      source: "nodes",
      ...always("ping, and path MTU discovery between nodes"),
    },
    {
      name: "bgp",
      ...tcp(179),
      source: "nodes",
      ...need(
        lab.bgp,
        routesBy === "BIRD"
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
        tunnel === "ipip",
        `${mode} carries pod packets in IP protocol 4`,
        `${mode} has no IP-in-IP tunnel`,
      ),
    },
    {
      name: "vxlan",
      protocol: "udp",
      ports: [VXLAN.port, VXLAN.port],
      source: "nodes",
      ...need(
        tunnel === "vxlan",
        `${mode} carries pod packets in UDP ${VXLAN.port}`,
        `${mode} has no VXLAN tunnel`,
      ),
    },
    {
      name: "typha",
      ...tcp(5473),
      source: "nodes",
      ...need(
        nodes > TYPHA_FROM_NODES,
        "Felix talks to Typha",
        `Typha is not used up to ${TYPHA_FROM_NODES} nodes`,
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
