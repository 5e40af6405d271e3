/** A packet's headers as the bytes that a kernel would send, without checksums. */
import type { Header, Packet } from "../../components/plan";

const NUMBERS = { icmp: 1, "4": 4, tcp: 6, udp: 17 } as const;
const ICMP_TYPES = { "echo request": 8, "echo reply": 0, error: 3 } as const;

/** From the outermost IPv4 header on. A client's port, which no plan knows, is 40000. */
export function bytesOf({ headers }: Packet): Buffer {
  const lengths = headers.map((_, i) => headers.slice(i).reduce((sum, { bytes }) => sum + bytes, 0));
  return Buffer.concat(headers.map((header, i) => headerBytes(header, lengths[i] ?? 0)));
}

function headerBytes(header: Header, length: number): Buffer {
  const bytes = Buffer.alloc(header.bytes);
  switch (header.kind) {
    case "ipv4":
      bytes[0] = 0x45;
      bytes.writeUInt16BE(length, 2);
      bytes.writeUInt16BE(header.dontFragment ? 0x4000 : 0, 6);
      bytes[8] = header.ttl;
      bytes[9] = NUMBERS[header.protocol];
      Buffer.from([...header.source.split("."), ...header.destination.split(".")].map(Number)).copy(
        bytes,
        12,
      );
      break;
    case "icmp":
      bytes[0] = ICMP_TYPES[header.type];
      break;
    case "tcp":
    case "udp":
      bytes.writeUInt16BE(header.sourcePort ?? 40_000, 0);
      bytes.writeUInt16BE(header.destinationPort ?? 40_000, 2);
      if (header.kind === "tcp") bytes[12] = (header.bytes / 4) << 4;
      else bytes.writeUInt16BE(length, 4);
      break;
    case "vxlan":
      bytes[0] = 8;
      bytes.writeUInt32BE(header.vni * 256, 4);
      break;
    case "ethernet":
      bytes.writeUInt16BE(0x0800, 12);
      break;
  }
  return bytes;
}
