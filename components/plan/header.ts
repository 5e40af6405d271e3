/** A packet as its nested headers, each with its length. */

/** An IPv4 header without options. */
export interface Ipv4Header {
  kind: "ipv4";
  bytes: 20;
  source: string;
  destination: string;
  /** What is inside; `4` is IP-in-IP. */
  protocol: "icmp" | "tcp" | "udp" | "4";
  ttl: number;
  dontFragment: boolean;
}

/** A header, or the data at the end. The port of a client is chosen by its kernel, so it is absent. */
export type Header =
  | Ipv4Header
  | { kind: "icmp"; bytes: 8; type: "echo request" | "echo reply" | "error" }
  | { kind: "tcp" | "udp"; bytes: number; sourcePort?: number; destinationPort?: number }
  | { kind: "vxlan"; bytes: 8; vni: number }
  /** All of ESP, its padding and its end as well. */
  | { kind: "esp"; bytes: number }
  | { kind: "ethernet"; bytes: 14 }
  | { kind: "data"; bytes: number };

/** A packet, without the Ethernet header of the link that it is on. */
export interface Packet {
  /** Outermost first. The data is last. */
  headers: readonly Header[];
  /** Length of the outermost IP packet in bytes: the sum of the headers. */
  length: number;
}
