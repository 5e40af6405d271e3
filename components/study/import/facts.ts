/** Everything that was read, in one structure. Each fact has its source. */
import type { Encapsulation, Fabric } from "../../config";
import type { Problem, Source } from "./source";

/** A value, and where it was read. */
export interface Known<T> {
  value: T;
  source: Source;
}

/** What one object says about a node: Kubernetes' Node, or Calico's. */
export interface NodeFact {
  /** The node's name in the cluster. */
  name: string;
  source: Source;
  isControlPlane?: boolean;
  /** Its labels, which IPPools select by. */
  labels?: Readonly<Record<string, string>>;
  /** Kubernetes' InternalIP, IPv4. */
  internalIp?: Known<string>;
  /** What Calico has recorded, with a prefix length: `10.0.3.11/24`. */
  recorded?: Known<string>;
  /** The address on tunl0 or vxlan.calico. */
  tunnel?: Known<string>;
  /** The cloud that the node says it is in, by its providerID. */
  fabric?: Known<Fabric>;
  /** The kubelet's version. */
  version?: Known<string>;
}

/** An IPv4 IPPool of Calico's, or what an installation makes one of. */
export interface PoolFact {
  name: string;
  cidr: string;
  encapsulation: Encapsulation;
  natOutgoing: boolean;
  /** Whether BGP does not tell of its blocks (`disableBGPExport`). Absent where that was not read. */
  exportsDisabled?: boolean;
  blockSize: number;
  disabled: boolean;
  /** Which nodes it is for, in Calico's syntax. Absent: all. */
  nodeSelector?: string;
  /** What it is for, as it is written. Absent: pods and tunnels. */
  allowedUses?: string[];
  /** An IPPool counts before what only makes one: 0 for an IPPool, 1 for the operator's, 2 for calico-node's environment. */
  rank: 0 | 1 | 2;
  source: Source;
}

/** A block that belongs to a node. */
export interface BlockFact {
  cidr: string;
  node: string;
  source: Source;
}

/** One value of the whole cluster. */
export interface Settings {
  bgp: "Enabled" | "Disabled";
  /** Whether every node has a BGP session with every other one. */
  mesh: boolean;
  /** The nodes' AS number, where it is not Calico's own. */
  asNumber: number;
  proxyMode: string;
  serviceCidr: string;
  kubernetes: string;
  calico: string;
  /** In bytes: what pods get. 0 or absent: found by Calico itself. */
  podMtu: number;
  /** In bytes, of the network below the nodes. */
  linkMtu: number;
  /** FelixConfiguration's `awsSrcDstCheck`. */
  awsSrcDstCheck: string;
}

/** A BGPPeer. */
export interface PeerFact {
  name: string;
  /** IPv4. */
  ip?: string;
  /** Which nodes it selects as peers. */
  selector?: string;
  asNumber?: number;
  keepsNextHop: boolean;
  source: Source;
}

/** A BGP session as `calicoctl node status` shows it. */
export interface SessionFact {
  /** What may tell on which node it was asked: a host name, parts of a file's path. */
  hints: readonly string[];
  peer: string;
  established: boolean;
  /** The state as it was shown: `start, Connect`. */
  shown: string;
  /** Number of the table: sessions of one table are one node's. */
  table: number;
  source: Source;
}

/** A line of `ip route`. */
export interface RouteFact {
  hints: readonly string[];
  destination: string;
  via?: string;
  device?: string;
  /** The address that the node uses itself on a connected network. */
  from?: string;
  isBlackhole: boolean;
  /** Number of the text: routes of one text are one node's. */
  table: number;
  source: Source;
}

/** A device as `ip addr` or `ip link` shows it. */
export interface LinkFact {
  hints: readonly string[];
  device: string;
  mtu: number;
  /** IPv4 with prefix lengths. */
  addresses: string[];
  table: number;
  source: Source;
}

/** A fault that a node's own text shows: a sysctl, a firewall's rule. */
export interface HostFact {
  hints: readonly string[];
  fault:
    | "ip-forward-off"
    | "rp-filter-strict"
    | "host-firewall-reject"
    | "host-firewall-forward-drop"
    | "nat-missing";
  /** The line that shows it. */
  shown: string;
  table: number;
  source: Source;
}

/** A cloud's interface of a node: an EC2 instance, or a Neutron port. */
export interface PortFact {
  cloud: "aws" | "openstack";
  /** The instance's or port's id. */
  id: string;
  name?: string;
  addresses: string[];
  subnet?: string;
  /** Ids (and, where they are told, names) of its security groups; undefined where that is not told. */
  groups?: string[];
  /** Whether packets with other addresses are dropped: the source/dest check, port security. Undefined: not told. */
  checked?: boolean;
  /** Neutron's allowed address pairs, as CIDRs. Undefined: not told. */
  pairs?: string[];
  source: Source;
}

/** A rule of a security group for packets that come in, over IPv4. */
export interface GroupRule {
  /** The group that has the rule; undefined where a list of rules does not say. */
  group?: string;
  /** `all`, `tcp`, `udp`, `icmp`, or a number. */
  protocol: string;
  ports?: readonly [number, number];
  /** From whom: a CIDR, or another group. Neither: from anywhere. */
  cidr?: string;
  remote?: string;
  source: Source;
}

/** A cloud's subnet. */
export interface SubnetFact {
  id: string;
  cidr: string;
  source: Source;
}

/** Something that was read and that the model has no place for. */
export interface NotExpressed {
  what: string;
  source: Source;
}

/** All facts of an import. */
export interface Facts {
  nodes: NodeFact[];
  pools: PoolFact[];
  blocks: BlockFact[];
  settings: { [Key in keyof Settings]?: Known<Settings[Key]> };
  sessions: SessionFact[];
  peers: PeerFact[];
  /** The nodes with a cluster ID, by their names in the cluster. */
  reflectors: { node: string; source: Source }[];
  routes: RouteFact[];
  links: LinkFact[];
  hosts: HostFact[];
  ports: PortFact[];
  rules: GroupRule[];
  /** Groups of which the rules are told, even if they have none. */
  groups: Known<string>[];
  subnets: SubnetFact[];
  /** Destinations of a cloud's own routes. */
  cloudRoutes: Known<string>[];
  /** What shows that the Service of CoreDNS has no endpoint, in one sentence without the full stop. */
  dnsDown?: Known<string>;
  notExpressed: NotExpressed[];
  problems: Problem[];
  /** What was read, in order: how many objects of a kind, in which file. */
  read: { what: string; source: Source }[];
}

/** Nothing read yet. */
export const noFacts = (): Facts => ({
  nodes: [],
  pools: [],
  blocks: [],
  settings: {},
  sessions: [],
  peers: [],
  reflectors: [],
  routes: [],
  links: [],
  hosts: [],
  ports: [],
  rules: [],
  groups: [],
  subnets: [],
  cloudRoutes: [],
  notExpressed: [],
  problems: [],
  read: [],
});

/** Keeps a value of the cluster. The first one stays: files are read in the order in which the user names them. */
export function know<Key extends keyof Settings>(
  facts: Facts,
  key: Key,
  value: Settings[Key] | undefined,
  source: Source,
): void {
  if (value === undefined || facts.settings[key]) return;
  facts.settings[key] = { value, source } as Facts["settings"][Key];
}
