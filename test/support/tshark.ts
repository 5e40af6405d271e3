/** What tshark finds, for tests. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Decoded, readTshark, tsharkArguments } from "../../components/study/tshark";

/** What tshark finds in a pcap. It reads no pipe (`-r -` is for a regular file). @throws {Error} when it fails. */
export function decodedByTshark(pcap: Buffer): Decoded[] {
  const folder = mkdtempSync(join(tmpdir(), "encaplab-pcap-"));
  try {
    const file = join(folder, "packets.pcap");
    writeFileSync(file, pcap);
    const { status, stdout, stderr } = spawnSync("tshark", tsharkArguments(file), {
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    if (status !== 0) throw new Error(stderr);
    return readTshark(stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
