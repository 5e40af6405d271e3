/** Packets as tshark decodes them. Pure: the program itself is run by the caller. */
import { type Header, type Packet, TENANT_TUNNEL, VXLAN } from "../plan";
import { PROTOCOLS } from "./decode";

/** What is asked of each packet, in the order of the columns. The last may have any text in it. */
const FIELDS = [
  "frame.time_epoch",
  "frame.len",
  "frame.protocols",
  "ip.src",
  "ip.dst",
  "ip.proto",
  "ip.ttl",
  "ip.flags.df",
  "ip.hdr_len",
  "ip.len",
  "icmp.type",
  "tcp.srcport",
  "tcp.dstport",
  "tcp.hdr_len",
  "udp.srcport",
  "udp.dstport",
  "vxlan.vni",
  "_ws.col.Protocol",
  "_ws.col.Info",
] as const;
type Field = (typeof FIELDS)[number];

/**
 * The arguments by which tshark prints what {@link readTshark} reads. No names are looked up, and each packet stands for
 * itself: fragments and segments are not put together.
 */
export const tsharkArguments = (file: string): string[] => [
  ...["-n", "-r", file, "-T", "fields"],
  ...["-E", "separator=/t", "-E", "occurrence=a", "-E", "aggregator=,"],
  ...["-o", "ip.defragment:FALSE", "-o", "tcp.desegment_tcp_streams:FALSE"],
  ...[VXLAN, TENANT_TUNNEL].flatMap(({ port }) => ["-d", `udp.port==${port},vxlan`]),
  ...FIELDS.flatMap((field) => ["-e", field]),
];

/** A packet as tshark sees it. */
export interface Decoded {
  /** Seconds since 1970. */
  at: number;
  /** Bytes of the frame. */
  length: number;
  /** Absent if it is none that a lab sends. */
  packet?: Packet;
  /** tshark's own words. */
  text: string;
}

/** Reads what tshark has printed for {@link tsharkArguments}: a line for each packet. */
export const readTshark = (output: string): Decoded[] =>
  output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const cells = line.split("\t");
      const all = (field: Field) =>
        (cells[FIELDS.indexOf(field)] ?? "").split(",").filter((one) => one !== "");
      const packet = packetOf(all);
      return {
        at: Number(cells[0]),
        length: Number(cells[1]),
        ...(packet && { packet }),
        text: `${all("_ws.col.Protocol").join()} ${cells.slice(FIELDS.length - 1).join(" ")}`.trim(),
      };
    });

/** Puts the headers together, from the first IPv4 header on. Later values of a field are those of inner headers. */
function packetOf(all: (field: Field) => string[]): Packet | undefined {
  const layers = all("frame.protocols")[0]?.split(":") ?? [];
  const taken = new Map<Field, number>();
  const next = (field: Field): string => {
    const at = taken.get(field) ?? 0;
    taken.set(field, at + 1);
    return all(field)[at] ?? "";
  };
  const headers: Header[] = [];
  // Bytes of the innermost IPv4 packet that no header has taken yet.
  let left = 0;
  for (const [i, layer] of layers.entries()) {
    if (layer === "ip") {
      const protocol = PROTOCOLS[Number(next("ip.proto"))];
      const length = Number(next("ip.len"));
      if (!protocol || next("ip.hdr_len") !== "20") return undefined;
      const [source, destination] = [next("ip.src"), next("ip.dst")];
      const ttl = Number(next("ip.ttl"));
      const dontFragment = /^(1|true)$/i.test(next("ip.flags.df"));
      headers.push({ kind: "ipv4", bytes: 20, source, destination, protocol, ttl, dontFragment });
      left = length - 20;
    } else if (headers.length === 0) continue;
    else if (layer === "icmp") {
      const type = { "0": "echo reply", "8": "echo request" }[next("icmp.type")] ?? "error";
      headers.push({ kind: "icmp", bytes: 8, type: type as "echo reply" | "echo request" | "error" });
      left -= 8;
      // Behind an error is the header of the packet that it is about: data, for our purposes.
      break;
    } else if (layer === "tcp" || layer === "udp") {
      const [source, destination] = [`${layer}.srcport`, `${layer}.dstport`] as [Field, Field];
      const ports = { sourcePort: Number(next(source)), destinationPort: Number(next(destination)) };
      const bytes = layer === "tcp" ? Number(next("tcp.hdr_len")) : 8;
      headers.push({ kind: layer, bytes, ...ports });
      left -= bytes;
      if (layers[i + 1] !== "vxlan") break;
    } else if (layer === "vxlan") headers.push({ kind: "vxlan", bytes: 8, vni: Number(next("vxlan.vni")) });
    else if (layer === "eth") headers.push({ kind: "ethernet", bytes: 14 });
    else if (layer !== "ethertype") break;
  }
  if (headers.length === 0) return undefined;
  if (left > 0) headers.push({ kind: "data", bytes: left });
  return { headers, length: headers.reduce((sum, { bytes }) => sum + bytes, 0) };
}
