/** What makes a packet, and what hops make of one: tunnels put headers around it, routers and NAT change them. */
import { VXLAN } from "./encapsulation";
import { espBytes } from "./esp";
import type { Header, Ipv4Header, Packet } from "./header";
import { inner, isTenantTunnel, isVxlan, type Leg, type Wire } from "./packet";
import { TENANT_TUNNEL } from "./tenant";

/** What Linux gives a packet that it makes (net.ipv4.ip_default_ttl), and the outer packet of VXLAN. */
export const TTL = 64;

/** IPv4's header, and TCP's with timestamps, which all but its first packets have (RFC 7323), in bytes. */
const IPV4 = 20;
const TCP = 32;
const UDP = 8;

/** The UDP port of ESP behind a NAT (RFC 3948). */
const NAT_T_PORT = 4500;

const packet = (headers: readonly Header[]): Packet => ({
  headers,
  length: headers.reduce((sum, { bytes }) => sum + bytes, 0),
});

const ipv4 = (
  wire: Pick<Wire, "source" | "destination">,
  rest: Pick<Ipv4Header, "protocol" | "ttl" | "dontFragment">,
) => ({ kind: "ipv4", bytes: IPV4, source: wire.source, destination: wire.destination, ...rest }) as const;

/** The packet that a leg begins with: not yet rewritten by natOutgoing. */
export function madeOn(leg: Leg): Packet {
  const { probe, direction } = leg;
  const { source, destination } = inner({ ...leg, translated: false });
  const there = direction === "there";
  const { protocol, port, size } = probe;
  // Linux sets DF on TCP and UDP, but not on an echo reply.
  const dontFragment = leg.dontFragment || protocol !== "icmp";
  const rest = Math.max(0, size - IPV4);
  const ports = there ? { destinationPort: port } : { sourcePort: port };
  const transport: Header[] =
    protocol === "icmp"
      ? [{ kind: "icmp", bytes: 8, type: there ? "echo request" : "echo reply" }, data(rest - 8)]
      : protocol === "udp"
        ? [{ kind: "udp", bytes: UDP, ...ports }, data(rest - UDP)]
        : // A SYN has 20 bytes of options and no data, so it fills the 60 bytes.
          [{ kind: "tcp", bytes: size <= 60 ? rest : TCP, ...ports }, data(size <= 60 ? 0 : rest - TCP)];
  return packet([
    ipv4({ source, destination }, { protocol, ttl: TTL, dontFragment }),
    ...transport.filter(({ bytes }) => bytes > 0),
  ]);
}

const data = (bytes: number): Header => ({ kind: "data", bytes: Math.max(0, bytes) });

/** Puts a packet into a tunnel. IPIP's outer header inherits TTL and DF; VXLAN's has DF from the kernel's default: none. */
export function encapsulated({ headers }: Packet, wire: Wire): Packet {
  const [first] = headers;
  const inside = first?.kind === "ipv4" ? first : undefined;
  if (!isVxlan(wire)) {
    const { ttl = TTL, dontFragment = false } = inside ?? {};
    return packet([ipv4(wire, { protocol: "4", ttl, dontFragment }), ...headers]);
  }
  const { vni, port } = isTenantTunnel(wire) ? TENANT_TUNNEL : VXLAN;
  return packet([
    ipv4(wire, { protocol: "udp", ttl: TTL, dontFragment: false }),
    { kind: "udp", bytes: UDP, destinationPort: port },
    { kind: "vxlan", bytes: 8, vni },
    { kind: "ethernet", bytes: 14 },
    ...headers,
  ]);
}

/** Puts a packet into ESP in tunnel mode, inside UDP. Its TTL is the router's own, and it has no DF. */
export function inEsp(
  { headers, length }: Packet,
  wire: Pick<Wire, "source" | "destination">,
  proposal: string,
): Packet {
  return packet([
    ipv4(wire, { protocol: "udp", ttl: TTL, dontFragment: false }),
    { kind: "udp", bytes: UDP, sourcePort: NAT_T_PORT, destinationPort: NAT_T_PORT },
    { kind: "esp", bytes: espBytes(length, proposal) },
    ...headers,
  ]);
}

/** Takes a packet out of its tunnel: from its second IPv4 header on. */
export function decapsulated({ headers }: Packet): Packet {
  const at = headers.findIndex(({ kind }, i) => i > 0 && kind === "ipv4");
  return packet(at === -1 ? headers : headers.slice(at));
}

/** A packet that a router has forwarded. */
export const forwarded = ({ headers }: Packet): Packet =>
  packet(
    headers.map((header, i) =>
      i === 0 && header.kind === "ipv4" ? { ...header, ttl: header.ttl - 1 } : header,
    ),
  );

/** The addresses and ports that NAT gives a packet. */
export interface Rewrite {
  source?: string;
  destination?: string;
  sourcePort?: number;
  destinationPort?: number;
}

/** A packet that NAT has rewritten. It is in no tunnel. */
export function rewritten({ headers }: Packet, { source, destination, ...ports }: Rewrite): Packet {
  const addresses = { ...(source && { source }), ...(destination && { destination }) };
  return packet(
    headers.map((header) => {
      if (header.kind === "ipv4") return { ...header, ...addresses };
      return header.kind === "tcp" || header.kind === "udp" ? { ...header, ...ports } : header;
    }),
  );
}
