// Captures in a twin: every packet as a pcap, until it is stopped.
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { decodePacket } from "../../../components/study";
import { captureInTwin } from "../../../scripts/cli/capture";
import { planOf } from "../../support/problems";
import { hasTools } from "../../support/tools";
import { decodedByTshark } from "../../support/tshark";
import { TwinUnderTest } from "../../support/twin";

/** The packets of a pcap whose link is Ethernet: 24 bytes, then for each a record of 16 bytes and the frame. */
function packetsIn(pcap: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  for (let at = 24; at + 16 <= pcap.length; ) {
    const length = pcap.readUInt32LE(at + 8);
    packets.push(pcap.subarray(at + 16 + 14, at + 16 + length));
    at += 16 + length;
  }
  return packets;
}

describe("a capture in a twin", function () {
  this.timeout(60_000);
  const twin = new TwinUnderTest("namespaces");
  after(() => twin.stop());

  it("has what was sent meanwhile, decoded as tshark decodes it, and leaves no process behind when it is stopped", async () => {
    const topology = [{ name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] }];
    const plan = planOf({ encapsulation: "VXLAN", topology });
    await twin.bring(plan);
    await twin.observe(plan);
    const [out, stop, parts] = [new PassThrough(), new AbortController(), [] as Buffer[]];
    let pinged: Promise<string> | undefined;
    out.on("data", (part: Buffer) => {
      parts.push(part);
      // The pcap's own header: tcpdump listens.
      pinged ??= twin.on("cp1-1", `ping -c 2 -i 0.2 ${plan.nodes[1]?.pods[0]?.address}`);
      if (packetsIn(Buffer.concat(parts)).length === 4) stop.abort();
    });
    const order = { device: "eth0", filter: "udp port 4789", asText: false };
    const ending = await captureInTwin(twin.sandbox, "w1", order, { out, stop: stop.signal });
    await pinged;
    assert.equal(ending.code, 0, ending.stderr);
    assert.match(ending.stderr, /^4 packets captured$/m);
    const kinds = packetsIn(Buffer.concat(parts)).map((bytes) =>
      decodePacket(bytes)?.headers.find(({ kind }) => kind === "icmp"),
    );
    assert.deepEqual(
      kinds.map((icmp) => (icmp?.kind === "icmp" ? icmp.type : undefined)),
      ["echo request", "echo reply", "echo request", "echo reply"],
    );
    if (hasTools("tshark"))
      assert.deepEqual(
        packetsIn(Buffer.concat(parts)).map((bytes) => decodePacket(bytes)),
        decodedByTshark(Buffer.concat(parts)).map(({ packet }) => packet),
      );
    assert.equal((await twin.run("pgrep -c tcpdump || true; ls /run/encaplab/captures")).trim(), "0");
  });
});
