/** The loss of a packet: as data, and what a reader is told of it. */
import type { Fault } from "../config";
import type { RuleName } from "./rule";

/** Where a packet was lost, and why. */
export interface Drop {
  cause:
    | "no-bgp-route"
    | "no-vtep"
    | "anti-spoofing"
    | "protocol"
    | "gateway"
    | "loop"
    | "link"
    | "security-group"
    | "host-firewall"
    | "host"
    | "mtu"
    | "no-answer"
    | "tenant-route"
    | "tenant-port-security"
    | "tenant-group"
    | "tenant-gateway";
  /** The hop at which it was lost, e.g. `w1's port`, `VPC router`. */
  hop: string;
  /** Whether the answer was lost rather than the packet itself. */
  onReturn: boolean;
  /** The lost packet, with its addresses as tcpdump writes them. */
  packet: string;
  /** The missing rule, when a security group dropped the packet. */
  rule?: RuleName;
  /** With the cause `mtu`: the packet's length where it is lost, and how much that hop carries, in bytes. */
  mtu?: { size: number; limit: number };
  /** The fault that causes it, if any. */
  fault?: Fault;
}

/** Why a packet is lost, in words. */
export interface Explanation {
  /** Why it is lost there, in one sentence. */
  cause: string;
  /** How to fix it, in one sentence. */
  fix: string;
  /** URL of a page that explains it. */
  reference: string;
}
