/** The hops of a trace as data: where a packet is, what decides there, and its headers before and after. */
import type { Failure } from "./failure";
import type { Packet } from "./header";
import type { RuleName } from "./rule";

/**
 * What a hop is. `pod`, `node` and `internet` make packets and receive them; `kernel` is a node's routing; `nat` its
 * masquerading and `kube-proxy` its rewriting for Services; `tunnel` is tunl0 or vxlan.calico; `firewall` a node's own;
 * `port` is the fabric's anti-spoofing check and `security-group` its group, both at a node's port; `link` is what carries a
 * node's packets; `ipsec` is a site's router at its end of the tunnel to the other site. `instance` is a tenant's, and
 * `bridge` the br-int of its compute host or of a node with a port.
 */
export type HopKind =
  | "pod"
  | "node"
  | "internet"
  | "instance"
  | "bridge"
  | "kernel"
  | "nat"
  | "kube-proxy"
  | "tunnel"
  | "firewall"
  | "port"
  | "security-group"
  | "link"
  | "gateway"
  | "ipsec";

/** One hop of a packet. The packet that leaves it is the one that enters the next. */
export interface Hop {
  /** `there`: the packet itself. `back`: its answer. */
  direction: "there" | "back";
  kind: HopKind;
  /** Its name, e.g. `w1-1`, `w1's kernel`, `tunl0 of w1`, `w2's security group`, `VPC router`. */
  name: string;
  /** The node that it is in, or whose port it is. Absent for the gateway and the internet. */
  node?: string;
  /** The devices by which the packet enters and leaves. One is absent where the packet is made, delivered, or lost. */
  device?: { in?: string; out?: string };
  /** What decides here, in words: the route as `ip route` shows it, the firewall's rule, the address that is rewritten. */
  decision: string;
  /** The firewall rule that decides, where there is one; where the packet is lost, the one that is missing. */
  rule?: RuleName;
  /** Absent where the packet is made. */
  in?: Packet;
  /** Absent where the packet is delivered or lost. */
  out?: Packet;
  /** Set at the last hop of a packet that is lost: cause, fix and reference. */
  drop?: Failure;
}

/** A hop as the engine notes it. The recorder knows the direction and the packet, and changes the latter as told. */
export interface HopNote extends Pick<Hop, "kind" | "name" | "node" | "device" | "decision" | "rule"> {
  /** What the hop makes of the packet. */
  change?: (packet: Packet) => Packet;
  /** Whether the packet is made here: it becomes the packet of the trace. */
  made?: Packet;
  /** Whether the packet ends here. */
  delivered?: boolean;
}

/** Takes the engine's notes. The verdict passes none, and so makes no notes. */
export type Keep = (direction: Hop["direction"], note: HopNote) => void;
