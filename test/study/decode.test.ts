/** Captured bytes as headers. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { decodePacket } from "../../components/study";

/** An IPv4 header for what follows it. */
function ipv4(protocol: number, ttl: number, flags: number, addresses: string, inside: Buffer): Buffer {
  const header = Buffer.alloc(20);
  header[0] = 0x45;
  header.writeUInt16BE(20 + inside.length, 2);
  header.writeUInt16BE(flags, 6);
  header[8] = ttl;
  header[9] = protocol;
  const bytes = addresses.split(/ > |\./).map(Number);
  Buffer.from(bytes).copy(header, 12);
  return Buffer.concat([header, inside]);
}

const PING = ipv4(
  1,
  63,
  0x4000,
  "172.16.0.65 > 172.16.0.129",
  Buffer.concat([Buffer.from([8]), Buffer.alloc(63)]),
);

const IN_PING = [
  {
    kind: "ipv4",
    bytes: 20,
    source: "172.16.0.65",
    destination: "172.16.0.129",
    protocol: "icmp",
    ttl: 63,
    dontFragment: true,
  },
  { kind: "icmp", bytes: 8, type: "echo request" },
  { kind: "data", bytes: 56 },
];

describe("a captured packet", () => {
  it("is decoded with what is in its tunnel: 104 bytes for a ping in IPIP, 134 in VXLAN", () => {
    const ipip = decodePacket(ipv4(4, 64, 0, "10.0.3.11 > 10.0.4.10", PING));
    assert.equal(ipip?.length, 104);
    assert.deepEqual(ipip?.headers.slice(1), IN_PING);
    // Source port 40000, destination port 4789, VNI 4096 in the upper three bytes of its word.
    const outer = Buffer.from(`9c4012b5007a00000800000000100000${"00".repeat(12)}0800`, "hex");
    const vxlan = decodePacket(ipv4(17, 64, 0, "10.0.3.11 > 10.0.4.10", Buffer.concat([outer, PING])));
    assert.equal(vxlan?.length, 134);
    assert.deepEqual(vxlan?.headers.slice(1), [
      { kind: "udp", bytes: 8, sourcePort: 40_000, destinationPort: 4789 },
      { kind: "vxlan", bytes: 8, vni: 4096 },
      { kind: "ethernet", bytes: 14 },
      ...IN_PING,
    ]);
  });

  it("of a later fragment has only data behind its IPv4 header", () => {
    const fragment = decodePacket(ipv4(1, 64, 185, "10.0.3.11 > 10.0.4.10", Buffer.alloc(100)));
    assert.deepEqual(fragment?.headers[1], { kind: "data", bytes: 100 });
  });

  it("may be anything: what is no IPv4 packet, or is cut off, is undefined and no error", () => {
    assert.equal(decodePacket(PING.subarray(0, 50)), undefined);
    assert.equal(decodePacket(Buffer.alloc(0)), undefined);
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 120, size: "max" }),
        fc.constantFrom(1, 4, 6, 17),
        (bytes, protocol) => {
          const packet = decodePacket(ipv4(protocol, 64, 0, "10.0.3.11 > 10.0.4.10", Buffer.from(bytes)));
          if (packet) assert.equal(packet.length, 20 + bytes.length);
        },
      ),
    );
  });
});
