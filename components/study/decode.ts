/** Reads captured IPv4 packets: the headers that a lab's packets have, and no others. */
import { type Header, type Ipv4Header, type Packet, TENANT_TUNNEL, VXLAN } from "../plan";

/** What an IPv4 header's number of a protocol stands for, of those that a lab sends. */
export const PROTOCOLS: { [number: number]: Ipv4Header["protocol"] | undefined } = {
  1: "icmp",
  4: "4",
  6: "tcp",
  17: "udp",
};

const ICMP_TYPES: { [type: number]: "echo request" | "echo reply" | undefined } = {
  0: "echo reply",
  8: "echo request",
};

/** The headers that are as long for every packet, in bytes. */
const [ICMP, UDP, VXLAN_HEADER, ETHERNET] = [8, 8, 8, 14] as const;

/** Bits of the IPv4 header's field of flags and fragment offset. */
const [DONT_FRAGMENT, OFFSET] = [0x4000, 0x1fff] as const;

/**
 * Decodes a packet from its IPv4 header on, also what is in an IP-in-IP or VXLAN tunnel.
 * @returns undefined for what is no IPv4 packet of a protocol that a lab sends, or is cut off before its end.
 */
export function decodePacket(bytes: Buffer): Packet | undefined {
  const headers = ipv4(bytes);
  return headers && { headers, length: headers.reduce((sum, header) => sum + header.bytes, 0) };
}

/** Decodes packets in hex, each from its IPv4 header on. Others than a lab's are left out. */
export const decodeAll = (packets: readonly string[]): Packet[] =>
  packets.flatMap((hex) => decodePacket(Buffer.from(hex, "hex")) ?? []);

function ipv4(bytes: Buffer): Header[] | undefined {
  if (bytes.length < 20 || bytes.readUInt8(0) >> 4 !== 4) return undefined;
  const size = (bytes.readUInt8(0) & 15) * 4;
  const length = bytes.readUInt16BE(2);
  const protocol = PROTOCOLS[bytes.readUInt8(9)];
  // The lab's kernels set no options.
  if (size !== 20 || length < size || length > bytes.length || !protocol) return undefined;
  const fragment = bytes.readUInt16BE(6);
  const header: Ipv4Header = {
    kind: "ipv4",
    bytes: 20,
    source: bytes.subarray(12, 16).join("."),
    destination: bytes.subarray(16, 20).join("."),
    protocol,
    ttl: bytes.readUInt8(8),
    dontFragment: (fragment & DONT_FRAGMENT) !== 0,
  };
  const inside = bytes.subarray(size, length);
  const rest = (fragment & OFFSET) !== 0 ? data(inside) : payload(protocol, inside);
  return rest && [header, ...rest];
}

function payload(protocol: Ipv4Header["protocol"], bytes: Buffer): Header[] | undefined {
  if (protocol === "4") return ipv4(bytes);
  if (protocol === "icmp") {
    if (bytes.length < ICMP) return undefined;
    const type = ICMP_TYPES[bytes.readUInt8(0)] ?? "error";
    return [{ kind: "icmp", bytes: ICMP, type }, ...data(bytes.subarray(ICMP))];
  }
  if (bytes.length < (protocol === "tcp" ? 20 : UDP)) return undefined;
  const ports = { sourcePort: bytes.readUInt16BE(0), destinationPort: bytes.readUInt16BE(2) };
  if (protocol === "tcp") {
    const size = (bytes.readUInt8(12) >> 4) * 4;
    if (size < 20 || size > bytes.length) return undefined;
    return [{ kind: "tcp", bytes: size, ...ports }, ...data(bytes.subarray(size))];
  }
  const udp = { kind: "udp", bytes: UDP, ...ports } as const;
  const isVxlan = [VXLAN.port, TENANT_TUNNEL.port].some((port) => port === ports.destinationPort);
  if (!isVxlan) return [udp, ...data(bytes.subarray(UDP))];
  const inner = ipv4(bytes.subarray(UDP + VXLAN_HEADER + ETHERNET));
  if (!inner) return undefined;
  const vni = bytes.readUIntBE(UDP + 4, 3);
  return [udp, { kind: "vxlan", bytes: VXLAN_HEADER, vni }, { kind: "ethernet", bytes: ETHERNET }, ...inner];
}

const data = ({ length }: Buffer): Header[] => (length > 0 ? [{ kind: "data", bytes: length }] : []);
