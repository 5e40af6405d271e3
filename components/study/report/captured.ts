/** Packets of a pcap file in a report. */
import type { Packet } from "../../plan";

/** A captured packet. */
export interface CapturedPacket {
  /** Seconds since the first one. */
  at: number;
  /** Bytes on the wire, with the link's header. */
  length: number;
  /** Its headers. Absent if it is none that a lab sends. */
  packet?: Packet;
  /** What it says, in words. */
  text: string;
}

/** A capture, as `lab capture -w FILE` writes it. */
export interface Captured {
  /** The file's name, without its folder. */
  file: string;
  /** What has decoded it: `tshark 4.0.17`, or ourselves. */
  by: string;
  packets: CapturedPacket[];
  /** How many packets the file has. */
  of: number;
}

/** How many packets a report shows at most. */
export const MOST_PACKETS = 200;

/** The first packets of a file, with times that begin with the first one. */
export function capturedOf(file: string, by: string, packets: readonly CapturedPacket[]): Captured {
  const begin = packets[0]?.at ?? 0;
  const shown = packets
    .slice(0, MOST_PACKETS)
    .map((one) => ({ ...one, at: Math.round((one.at - begin) * 1e6) / 1e6 }));
  return { file, by, packets: shown, of: packets.length };
}
