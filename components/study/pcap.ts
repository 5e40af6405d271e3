/** Reads pcap files, as tcpdump and `lab capture` write them (draft-ietf-opsawg-pcap). Pure. */

/** A frame of a capture. */
export interface Frame {
  /** Seconds since 1970. */
  at: number;
  /** Bytes that it had on the wire. */
  length: number;
  /** From the IPv4 header on, as far as it was captured. Absent if it carries no IPv4. */
  ipv4?: Buffer;
}

/** A file that is no pcap that can be read. The message is the end of a sentence about the file. */
export class PcapError extends Error {
  override readonly name = "PcapError";
}

/** The first four bytes, and how many parts a second has in a time. */
const MAGIC: { [bytes: string]: { little: boolean; fractions: number } | undefined } = {
  d4c3b2a1: { little: true, fractions: 1e6 },
  a1b2c3d4: { little: false, fractions: 1e6 },
  "4d3cb2a1": { little: true, fractions: 1e9 },
  a1b23c4d: { little: false, fractions: 1e9 },
};
const PCAPNG = "0a0d0d0a";

/** Lengths of the file's header and of a record's, in bytes. */
const [FILE_HEADER, RECORD_HEADER] = [24, 16] as const;

/** Ethertypes. */
const [IPV4, VLAN] = [0x0800, 0x8100] as const;

/** By the number of the link's type: where its header has the ethertype, and how long it is. */
const LINKS: { [type: number]: { ethertype?: number; bytes: number } | undefined } = {
  1: { ethertype: 12, bytes: 14 }, // Ethernet
  101: { bytes: 0 }, // raw IP
  113: { ethertype: 14, bytes: 16 }, // Linux' "any", as tcpdump writes it
  276: { ethertype: 0, bytes: 20 }, // the same with the interface's index
};

/**
 * The frames of a capture, in their order. A record that is not complete is left out: tcpdump may still be writing it.
 * @throws {PcapError} when it is no pcap, or of a link that no lab has.
 */
export function readPcap(bytes: Buffer): Frame[] {
  const start = bytes.subarray(0, 4).toString("hex");
  if (start === PCAPNG)
    throw new PcapError("is a pcapng file, which tshark alone can read: install tshark, or save it as pcap");
  const kind = MAGIC[start];
  if (!kind || bytes.length < FILE_HEADER)
    throw new PcapError(
      "is no pcap file: it must be as `lab capture -w FILE` or `tcpdump -w FILE` writes it",
    );
  const number = (at: number) => (kind.little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const type = number(20) & 0xffff;
  const link = LINKS[type];
  if (!link) throw new PcapError(`was captured on a link of type ${type}, which no lab has`);
  const frames: Frame[] = [];
  for (let at = FILE_HEADER; at + RECORD_HEADER <= bytes.length; ) {
    const captured = number(at + 8);
    const frame = bytes.subarray(at + RECORD_HEADER, at + RECORD_HEADER + captured);
    if (frame.length < captured) break;
    const ipv4 = inside(frame, link);
    frames.push({
      at: number(at) + number(at + 4) / kind.fractions,
      length: number(at + 12),
      ...(ipv4 && { ipv4 }),
    });
    at += RECORD_HEADER + captured;
  }
  return frames;
}

function inside(
  frame: Buffer,
  { ethertype, bytes }: { ethertype?: number; bytes: number },
): Buffer | undefined {
  if (ethertype === undefined) return frame.length > 0 && (frame[0] ?? 0) >> 4 === 4 ? frame : undefined;
  if (frame.length < bytes) return undefined;
  const type = frame.readUInt16BE(ethertype);
  if (type === IPV4) return frame.subarray(bytes);
  // A VLAN's tag has the ethertype of what follows.
  const isTagged = type === VLAN && frame.length >= bytes + 4;
  return isTagged && frame.readUInt16BE(bytes + 2) === IPV4 ? frame.subarray(bytes + 4) : undefined;
}
