/** One line of the firewall table, independent of any cloud. */
import type { Fault } from "../config";

/** The name of a rule, unique in the table. */
export type RuleName =
  | "ssh"
  | "api-operator"
  | "nodeport"
  | "nodes-tcp-1"
  | "nodes-tcp-180"
  | "nodes-tcp-2381"
  | "nodes-udp-1"
  | "nodes-udp-4790"
  | "etcd"
  | "icmp"
  | "bgp"
  | "ipip"
  | "vxlan"
  | "pod-cidr";

/** `operator`: the user's own addresses. `nodes`: the security group itself. `pods`: the pod CIDR, as a prefix. */
export type RuleSource = "operator" | "nodes" | "pods";

/** A rule for incoming packets. */
export interface FirewallRule {
  name: RuleName;
  /** `4` is IP-in-IP; written as its number, because Neutron's name `ipip` once meant 94. `all` is every protocol. */
  protocol: "tcp" | "udp" | "icmp" | "4" | "all";
  /** First and last port; undefined where the protocol has none. */
  ports?: readonly [number, number];
  source: RuleSource;
  /** Whether the lab needs the rule. */
  needed: boolean;
  /** Why the lab needs the rule, or why it does not. */
  why: string;
  /** Whether the security group of all nodes has the rule: it is needed, and no fault closes it everywhere. */
  open: boolean;
  /** The fault that closes it although the lab needs it. */
  closedBy?: Fault;
}
