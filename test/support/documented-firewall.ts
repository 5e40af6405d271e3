/**
 * The firewall table as the documentation has it, written out. The program's own table is held against this one, and so
 * are the rules that each cloud gets: a test that takes its rules from the plan cannot see that the plan is wrong.
 *
 * - [calico] Calico, "System requirements for Kubernetes", network requirements: BGP is TCP 179, IP in IP is protocol 4,
 *   VXLAN is UDP 4789, all in both directions and between all nodes; Typha is TCP 5473.
 *   https://docs.tigera.io/calico/latest/getting-started/kubernetes/requirements
 * - [ports] Kubernetes, "Ports and Protocols": 6443 (API server, used by all), 2379-2380 (etcd, used by the API server and
 *   etcd alone), 10250 (kubelet), 30000-32767 (NodePorts, used by all).
 *   https://kubernetes.io/docs/reference/networking/ports-and-protocols/
 * - [kops] pkg/model/awsmodel/firewall.go: from nodes everything but etcd ("We _should_ block per port... but: […] Users
 *   expect to be able to reach pods").
 * - [ec2] A rule that names a group matches the private addresses of that group's interfaces, so pods need a prefix.
 *   https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
 * - [neutron] `remote_group_id` and `remote_ip_prefix`: the same distinction. Measured with OVN: no address of an
 *   allowed address pair matches a remote group. https://docs.openstack.org/api-ref/network/v2/#security-group-rules
 */
import type { Encapsulation } from "../../components/config";
import type { FirewallRow } from "./firewall";

/** From the operator's own addresses, in every encapsulation. */
const OPERATOR = [
  "tcp 22-22", // SSH: kubeadm runs over it
  "tcp 6443-6443", // [ports]
  "tcp 30000-32767", // [ports]
];

/** From the other nodes, in every encapsulation: [kops], without TCP 179, etcd and UDP 4789. */
const NODES = [
  "tcp 1-178",
  "tcp 180-2378",
  "tcp 2381-65535", // with the API server, kubelets, Typha and NodePorts: [ports], [calico]
  "udp 1-4788",
  "udp 4790-65535",
  "icmp any",
];

const BGP = "tcp 179-179"; // [calico]
const IPIP = "4 any"; // [calico]
const VXLAN = "udp 4789-4789"; // [calico]

/** What each encapsulation needs in addition. `pods`: whether packets with a pod's address are on the wire as well. */
const MORE: Record<Encapsulation, { nodes: string[]; pods: boolean }> = {
  IPIP: { nodes: [BGP, IPIP], pods: false },
  IPIPCrossSubnet: { nodes: [BGP, IPIP], pods: true },
  VXLAN: { nodes: [BGP, VXLAN], pods: false },
  VXLANCrossSubnet: { nodes: [BGP, VXLAN], pods: true },
  None: { nodes: [BGP], pods: true },
};

/**
 * The open rules of a lab without faults, with `natOutgoing`, and with two nodes in one subnet.
 * @param sources what stands for the operator, the nodes and the pods; each may be several, with a rule for each.
 */
export function documentedFirewall(
  encapsulation: Encapsulation,
  sources: { operator: readonly string[]; nodes: string; pods: string },
): FirewallRow[] {
  const { nodes, pods } = MORE[encapsulation];
  const from = (lines: readonly string[], source: string) => lines.map((line) => rowOf(line, source));
  return [
    ...sources.operator.flatMap((source) => from(OPERATOR, source)),
    ...from([...NODES, ...nodes], sources.nodes),
    // Every protocol: pods may use any. [ec2], [neutron]
    ...(pods ? from(["all any"], sources.pods) : []),
  ];
}

function rowOf(line: string, source: string): FirewallRow {
  const [protocol = "", range = ""] = line.split(" ");
  const [first = 0, last = 0] = range.split("-").map(Number);
  return { protocol, ports: range === "any" ? undefined : [first, last], source };
}
