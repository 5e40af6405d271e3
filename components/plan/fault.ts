/** What each fault breaks and where it can exist, as data. */
import type { Fabric, Fault } from "../config";
import type { RuleName } from "./rule";

export interface FaultFacts {
  /** What is wrong, as the verdict says it. */
  means: string;
  /** The fabrics that can have it. */
  fabrics: readonly Fabric[];
  /** What the fault breaks: the network under the nodes, or Calico's settings. */
  of: "fabric" | "calico";
  /** The firewall rule that it closes, if any. */
  closes?: RuleName;
}

const GROUPED: readonly Fabric[] = ["aws", "openstack"];

export const FAULT_FACTS: Record<Fault, FaultFacts> = {
  "bgp-blocked": {
    means: "the security group has no rule for TCP 179",
    fabrics: GROUPED,
    of: "fabric",
    closes: "bgp",
  },
  "ipip-blocked": {
    means: "the security group has no rule for IP protocol 4",
    fabrics: GROUPED,
    of: "fabric",
    closes: "ipip",
  },
  "vxlan-blocked": {
    means: "the security group has no rule for UDP 4789",
    fabrics: GROUPED,
    of: "fabric",
    closes: "vxlan",
  },
  "pod-cidr-blocked": {
    means: "the security group has no rule for the pod CIDR",
    fabrics: GROUPED,
    of: "fabric",
    closes: "pod-cidr",
  },
  "source-dest-check": { means: "the source/dest check stays on", fabrics: ["aws"], of: "fabric" },
  "port-security": {
    means: "the ports' allowed address pairs lack the pod CIDR",
    fabrics: ["openstack"],
    of: "fabric",
  },
  "mtu-too-big": {
    means: "pods get the link's MTU, which leaves the tunnel's header no room",
    fabrics: ["aws", "openstack", "plain"],
    of: "calico",
  },
  "node-as-32": {
    means: "Calico records the nodes' addresses as /32",
    fabrics: ["aws", "openstack", "plain"],
    of: "calico",
  },
};
