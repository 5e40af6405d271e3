/** The faults: what each breaks and where it can exist, as data, and how a plan with faults differs from one without. */
import { FABRICS, type Fabric, type Fault } from "../config";
import { fabricFacts } from "./fabric";
import type { LabPlan } from "./lab";
import type { FirewallRule, RuleName } from "./rule";
import { controlPlaneOf } from "./topology";

/** What a fault breaks and where it can exist. */
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

/** The facts of each fault. */
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
  },
  "node-as-32": {
    means: "Calico records the nodes' addresses as /32",
    fabrics: FABRICS,
    of: "calico",
  },
};

/**
 * The plan with these faults, in place of those that it has. This is the only place where a fault takes effect: what the
 * lab needs (`needed` in the plan) is the same with and without faults.
 */
export function withFaults(plan: LabPlan, faults: readonly Fault[]): LabPlan {
  const { mtu, antiSpoofing } = plan;
  const { antiSpoofing: check, layer3 } = fabricFacts(plan);
  const has = (fault: Fault | undefined) => fault !== undefined && faults.includes(fault);
  const prefixes = new Map(plan.subnets.map(({ name, prefix }) => [name, prefix]));
  const nodes = plan.nodes.map((node) => ({
    ...node,
    recordedAddress: `${node.address}/${has("node-as-32") ? 32 : (layer3?.hostPrefix ?? prefixes.get(node.subnet))}`,
  }));
  return {
    ...plan,
    faults,
    nodes,
    controlPlane: controlPlaneOf(nodes),
    firewall: plan.firewall.map((rule) => closeFor(faults, rule)),
    mtu: { ...mtu, pod: has("mtu-too-big") ? mtu.link : mtu.tunnel },
    antiSpoofing: {
      ...antiSpoofing,
      allowsPods:
        antiSpoofing.needed && !has(check?.fault) && (!check?.followsRoutes || plan.podRoutes.length > 0),
    },
  };
}

/** A fault closes only a rule that is needed: a rule that is not needed is closed without it. */
function closeFor(faults: readonly Fault[], { closedBy: _, ...rule }: FirewallRule): FirewallRule {
  const fault = rule.needed ? faults.find((name) => FAULT_FACTS[name].closes === rule.name) : undefined;
  return { ...rule, open: rule.needed && !fault, ...(fault && { closedBy: fault }) };
}
