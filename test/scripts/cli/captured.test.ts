/** A capture for a report: by tshark where it is, else by our own code. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MOST_PACKETS } from "../../../components/study/report";
import { readCapture } from "../../../scripts/cli/captured";
import { pcapOf } from "../../support/pcap";
import { needTools } from "../../support/tools";

const PING = Buffer.from("4500001c000040004001000a0a00030a0a00040a0800000000010001", "hex");

describe("a capture in a report", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "encaplab-captured-"));
  const file = join(folder, "w1.pcap");
  const { PATH } = process.env;
  beforeEach(() => writeFileSync(file, pcapOf([PING])));
  afterEach(() => {
    process.env.PATH = PATH;
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("is decoded by tshark, which has words for it, and has the same headers without it", function () {
    needTools(this, "tshark");
    const theirs = readCapture(file, { inWords: true });
    assert.match(theirs.by, /^tshark \d/);
    assert.match(theirs.packets[0]?.text ?? "", /^ICMP Echo \(ping\) request.* \| 28 bytes: /);
    process.env.PATH = folder;
    const ours = readCapture(file, { inWords: true });
    assert.equal(ours.by, "encaplab");
    assert.match(ours.packets[0]?.text ?? "", /^28 bytes: IPv4 20 \(10\.0\.3\.10 > 10\.0\.4\.10/);
    assert.deepEqual(theirs.packets[0]?.packet, ours.packets[0]?.packet);
    assert.deepEqual([theirs.packets[0]?.length, ours.packets[0]?.length], [42, 42]);
  });

  it("has no words of applications where names must not be shown", () => {
    const { by, packets } = readCapture(file, { inWords: false });
    assert.equal(by, "encaplab");
    assert.doesNotMatch(packets[0]?.text ?? "", /Echo \(ping\)/);
  });

  it("has its first packets, and says how many there are", () => {
    writeFileSync(file, pcapOf(Array.from({ length: MOST_PACKETS + 5 }, () => PING)));
    const { packets, of } = readCapture(file, { inWords: false });
    assert.deepEqual([packets.length, of], [MOST_PACKETS, MOST_PACKETS + 5]);
    assert.equal(packets[0]?.at, 0);
  });

  it("is refused in a sentence when it cannot be read", () => {
    writeFileSync(file, "hello");
    assert.throws(() => readCapture(file, { inWords: false }), /w1\.pcap is no pcap file: it must be/);
    assert.throws(() => readCapture(join(folder, "none"), { inWords: false }), /none cannot be read: ENOENT/);
  });
});
