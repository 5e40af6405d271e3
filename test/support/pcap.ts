/** Packets as a pcap file. */

/** How a pcap is written. */
export interface PcapOptions {
  link?: string;
  little?: boolean;
  /** Parts of a second. */
  fractions?: number;
  /** Seconds since 1970. */
  at?: number;
}

/** The number of a link's type, and what stands before the IPv4 header. */
const LINKS: { [name: string]: readonly [type: number, header: string] } = {
  ethernet: [1, "0200000000010200000000020800"],
  vlan: [1, "02000000000102000000000281000007" + "0800"],
  raw: [101, ""],
  any: [113, "00000001000602000000000200000800"],
  any2: [276, "0800000000000002000100060200000000020000"],
};

/** @param packets from the IPv4 header on. */
export function pcapOf(
  packets: readonly Buffer[],
  { link = "ethernet", little = true, fractions = 1e6, at = 1_700_000_000 }: PcapOptions = {},
): Buffer {
  const [type, header] = LINKS[link] as (typeof LINKS)[string] & object;
  const numbers = (...values: number[]) => {
    const bytes = Buffer.alloc(values.length * 4);
    for (const [i, value] of values.entries())
      if (little) bytes.writeUInt32LE(value, i * 4);
      else bytes.writeUInt32BE(value, i * 4);
    return bytes;
  };
  const magic = fractions === 1e9 ? 0xa1b23c4d : 0xa1b2c3d4;
  // The version 2.4, as two short numbers.
  const version = little ? 0x00040002 : 0x00020004;
  const second = Math.floor(at);
  const records = packets.flatMap((packet) => {
    const frame = Buffer.concat([Buffer.from(header, "hex"), packet]);
    return [numbers(second, Math.round((at - second) * fractions), frame.length, frame.length), frame];
  });
  return Buffer.concat([numbers(magic, version, 0, 0, 262_144, type), ...records]);
}
