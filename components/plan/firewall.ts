/**
 * The firewall table: every port and protocol that a Calico cluster may need, whether this lab opens it, and why.
 * The table depends on no cloud; each cloud turns the open rules into its own resources.
 */
import type { LabConfig } from "../config";
import { ENCAPSULATION_FACTS, VXLAN } from "./encapsulation";
import { FAULT_FACTS } from "./fault";
import type { FirewallRule } from "./rule";

/** Above this many nodes Calico's manifest puts Typha between Felix and the API (docs: self-managed on-premises). */
const TYPHA_FROM_NODES = 50;

interface Need {
  open: boolean;
  why: string;
}

/**
 * The firewall table of a lab.
 * @param bgp whether BIRD runs.
 * @param podAddressesOnWire whether un-encapsulated packets with a pod's address leave a node.
 * @param nodes how many nodes there are.
 */
export function planFirewall(
  config: LabConfig,
  bgp: boolean,
  podAddressesOnWire: boolean,
  nodes: number,
): FirewallRule[] {
  const { tunnel, routesBy } = ENCAPSULATION_FACTS[config.encapsulation];
  const mode = config.encapsulation;
  const need = (open: boolean, yes: string, no: string): Need => ({ open, why: open ? yes : no });
  const always = (why: string): Need => ({ open: true, why });
  const tcp = (first: number, last = first) => ({ protocol: "tcp" as const, ports: [first, last] as const });
  const table: (Omit<FirewallRule, "open" | "why" | "closedBy"> & Need)[] = [
    { name: "ssh", ...tcp(22), source: "operator", ...always("SSH, for your logins and for kubeadm") },
    {
      name: "ssh-jump",
      ...tcp(22),
      source: "nodes",
      ...need(
        config.cloud === "openstack",
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
        bgp,
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
  return table.map((rule) => {
    const fault = config.faults.find((name) => FAULT_FACTS[name].closes === rule.name);
    if (!rule.open || !fault) return rule;
    return { ...rule, open: false, why: `closed by the fault ${fault}`, closedBy: fault };
  });
}
