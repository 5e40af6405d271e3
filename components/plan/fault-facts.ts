/** The facts of each fault: what it breaks, and where it can exist. */
import { FABRICS, type Fabric, type Fault } from "../config";
import { fabricFacts } from "./fabric";
import type { LabPlan } from "./lab";
import { isReflector } from "./peering";
import type { RuleName } from "./rule";
import type { NodePlan } from "./topology";

/** What a fault breaks and where it can exist. */
export interface FaultFacts {
  /** What is wrong, as the verdict says it. */
  means: string;
  /** The fabrics that can have it. */
  fabrics: readonly Fabric[];
  /**
   * What the fault breaks: the network under the nodes, Calico's settings, or the node's own kernel or firewall and the
   * links that carry less than they say. Only a lab on this machine can have those of a `host`. `link` is the tunnel
   * between two sites.
   */
  of: "fabric" | "calico" | "host" | "link";
  /** The firewall rule that it closes, if any. A node's own firewall can close it in either direction. */
  closes?: RuleName;
  /** Which nodes can have it; undefined for all. On another node it breaks nothing. */
  onlyOn?: (plan: Pick<LabPlan, "bgp">, node: Pick<NodePlan, "name">) => boolean;
  /** Why it cannot be on some nodes only; undefined for a fault that can. */
  onAllBecause?: string;
  /** Of what only a lab on this machine can have: why a real cluster cannot have it, so that the twin alone does. */
  onTwinBecause?: string;
}

/** What every fault of a node's own kernel or firewall has in common. */
const HOST = { fabrics: FABRICS, of: "host" } as const;

/** The fabrics whose nodes are in a security group. */
const GROUPED: readonly Fabric[] = FABRICS.filter((fabric) => fabricFacts({ fabric }).securityGroup);

/** By how many bytes a link carries less than its NIC says. More than the largest tunnel's header (50). */
export const SMALLER_BY = 100;

/** Expected: the API server would no longer answer the nodes, nor kubectl. */
const LOSES_THE_API = "the API server's own full-size packets are lost too, and with them the cluster";

/** What every fault of the link between two sites has in common. */
const LINK = {
  fabrics: FABRICS.filter((fabric) => !fabricFacts({ fabric }).layer3),
  of: "link",
  onAllBecause: "the link between the sites belongs to no node",
} as const;

/** The facts of each fault. */
export const FAULT_FACTS: Record<Fault, FaultFacts> = {
  "bgp-blocked": {
    means: "TCP 179",
    fabrics: FABRICS,
    of: "fabric",
    closes: "bgp",
  },
  "ipip-blocked": {
    means: "IP protocol 4",
    fabrics: FABRICS,
    of: "fabric",
    closes: "ipip",
  },
  "vxlan-blocked": {
    means: "UDP 4789",
    fabrics: FABRICS,
    of: "fabric",
    closes: "vxlan",
  },
  "pod-cidr-blocked": {
    means: "the pod CIDR",
    fabrics: GROUPED,
    of: "fabric",
    closes: "pod-cidr",
  },
  "source-dest-check": {
    means: "the source/dest check stays on",
    fabrics: ["aws", "azure", "gcp", "oci"],
    of: "fabric",
  },
  "port-security": {
    means: "the ports' allowed address pairs lack the pod CIDR",
    fabrics: ["openstack"],
    of: "fabric",
  },
  "mtu-too-big": {
    means: "pods get the link's MTU, which leaves the tunnel's header no room",
    fabrics: FABRICS,
    of: "calico",
    onAllBecause: "Calico has one MTU for the pods of all nodes (veth_mtu in the ConfigMap calico-config)",
  },
  "node-as-32": {
    means: "Calico records the nodes' addresses as /32",
    fabrics: FABRICS,
    of: "calico",
  },
  "node-ip-wrong-interface": {
    ...HOST,
    means: "Calico takes the address of a VPN's interface for the node's own",
    onTwinBecause: "a cluster does not come up while its calico-nodes cannot find each other",
  },
  "reflector-down": {
    ...HOST,
    means: "BIRD does not run on the route reflectors",
    onlyOn: isReflector,
    onTwinBecause: "a real cluster starts calico-node again, on whichever node it is",
  },
  "ip-forward-off": {
    ...HOST,
    means: "net.ipv4.ip_forward is 0",
    onTwinBecause: "kubeadm makes no node without it, so `up` turns it on",
  },
  "rp-filter-strict": { ...HOST, means: "net.ipv4.conf.*.rp_filter is 1 (strict)" },
  "host-firewall-forward-drop": { ...HOST, means: "the nodes' own firewall drops forwarded packets" },
  "host-firewall-reject": {
    ...HOST,
    means: "the nodes' own firewall rejects what comes in, except for ICMP, SSH and answers",
    onTwinBecause: "it closes the API server's port too, and with it the cluster",
  },
  "nat-missing": {
    ...HOST,
    means: "the node has lost the rule by which natOutgoing masquerades",
    onTwinBecause: "a real Calico puts the rule back",
  },
  "link-mtu-smaller": {
    ...HOST,
    means: `the links of the nodes carry ${SMALLER_BY} bytes less than the NICs say`,
    onTwinBecause: LOSES_THE_API,
  },
  "mtu-black-hole": {
    ...HOST,
    means: `the gateway carries ${SMALLER_BY} bytes less than the NICs say, and sends no "fragmentation needed"`,
    onAllBecause: "the gateway between the subnets belongs to no node",
    onTwinBecause: LOSES_THE_API,
  },
  "vxlan-checksum": {
    ...HOST,
    means: "the NICs' checksum offload gives packets in VXLAN wrong TCP and UDP checksums",
    onTwinBecause: "a real Calico makes the VXLAN device itself, and sets its checksums",
  },
  "dns-loop": {
    ...HOST,
    means: "CoreDNS asks itself and crashes, so its Service has no endpoint",
    onAllBecause: "one CoreDNS serves the whole cluster",
    onTwinBecause: "the lab does not change CoreDNS, which is the cluster's own",
  },
  "tenant-port-unplugged": {
    ...HOST,
    means: "the node's Neutron port is not plugged into its br-int",
    onTwinBecause: "only the twin builds a tenant network",
  },
  "ipsec-nobody-initiates": { ...LINK, means: "both routers wait for the other one to start the tunnel" },
  "ipsec-psk-mismatch": { ...LINK, means: "the two routers have different pre-shared keys" },
  "ipsec-proposal-mismatch": {
    ...LINK,
    means: "the two routers have no proposal for IKE in common",
  },
  "ipsec-route-missing": {
    ...LINK,
    means: "the last site's router has no static route to the other site",
  },
  "ipsec-selectors-too-narrow": {
    ...LINK,
    means:
      "the traffic selectors have /32 in the place of the subnets, and hold only the routers' own addresses",
  },
  "ipsec-rekey-lost": {
    ...LINK,
    means:
      "the tunnel comes up, but its keys are not renewed: the routers' groups for forward secrecy differ",
  },
};

/** What is wrong, as the verdict says it. What closes a port depends on the fabric: a group, or the nodes themselves. */
export function meaningOf(plan: Pick<LabPlan, "fabric">, fault: Fault): string {
  const { means, closes } = FAULT_FACTS[fault];
  if (!closes) return means;
  return fabricFacts(plan).securityGroup
    ? `the security group has no rule for ${means}`
    : `the nodes' own firewall drops ${means}`;
}
