/** One line of the firewall table, independent of any cloud. */
import type { Fault } from "../config";

export type RuleName =
  | "ssh"
  | "ssh-jump"
  | "api-operator"
  | "nodeport"
  | "api"
  | "etcd"
  | "kubelet"
  | "icmp"
  | "bgp"
  | "ipip"
  | "vxlan"
  | "typha"
  | "pod-cidr";

/** `operator`: the user's own addresses. `nodes`: the security group itself. `pods`: the pod CIDR, as a prefix. */
export type RuleSource = "operator" | "nodes" | "pods";

export interface FirewallRule {
  name: RuleName;
  /** `4` is IP-in-IP; written as its number, because Neutron's name `ipip` once meant 94. `all` is every protocol. */
  protocol: "tcp" | "udp" | "icmp" | "4" | "all";
  /** First and last port; undefined where the protocol has none. */
  ports?: readonly [number, number];
  source: RuleSource;
  open: boolean;
  /** Why it is open or closed. */
  why: string;
  /** The fault that closed it although the lab needs it. */
  closedBy?: Fault;
}
