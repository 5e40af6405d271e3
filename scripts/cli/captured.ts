/** Reads a pcap for a report: by tshark if that is here, else by our own code. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import {
  decodePacket,
  describePacket,
  PcapError,
  readPcap,
  readTshark,
  tsharkArguments,
} from "../../components/study";
import { type Captured, type CapturedPacket, capturedOf } from "../../components/study/report";
import { badUsage } from "./failure";

/**
 * The packets of a capture.
 * @param inWords whether tshark may say what is in them. Otherwise only their headers are shown, as in a report without
 *   names: what an application sends may have some in it.
 * @throws {Failure} when the file cannot be read.
 */
export function readCapture(file: string, { inWords }: { inWords: boolean }): Captured {
  let bytes: Buffer;
  try {
    bytes = fs.readFileSync(file);
  } catch (error) {
    throw badUsage(`${file} cannot be read: ${(error as Error).message}.`);
  }
  const name = path.basename(file);
  const version = inWords ? tsharkVersion() : undefined;
  const decoded = version === undefined ? undefined : byTshark(file);
  if (decoded) return capturedOf(name, `tshark ${version}`, decoded);
  try {
    return capturedOf(name, "encaplab", ours(bytes));
  } catch (error) {
    if (!(error instanceof PcapError)) throw error;
    throw badUsage(`${file} ${error.message}.`);
  }
}

const ours = (bytes: Buffer): CapturedPacket[] =>
  readPcap(bytes).map(({ at, length, ipv4 }) => {
    const packet = ipv4 && decodePacket(ipv4);
    const text = packet ? describePacket(packet) : ipv4 ? "IPv4, of no kind that a lab sends" : "no IPv4";
    return { at, length, ...(packet && { packet }), text };
  });

/** Undefined where there is no tshark, or one that does not start. */
function tsharkVersion(): string | undefined {
  const { status, stdout } = spawnSync("tshark", ["--version"], { encoding: "utf8" });
  return status === 0 ? /[\d.]+\d/.exec(stdout)?.[0] : undefined;
}

/** Undefined if tshark fails, for example at a file that it may not open, or because a version has other names of fields. */
function byTshark(file: string): CapturedPacket[] | undefined {
  const { status, stdout } = spawnSync("tshark", tsharkArguments(file), {
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  if (status !== 0) return undefined;
  return readTshark(stdout).map((one) => ({
    ...one,
    // tshark's own words are about the innermost packet.
    text: one.packet ? `${one.text} | ${describePacket(one.packet)}` : one.text,
  }));
}
