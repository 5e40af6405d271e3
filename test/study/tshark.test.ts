/** Our reading of packets beside tshark's. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { ENCAPSULATIONS } from "../../components/config";
import { type Packet, pairsOf, probesOf, traceOf } from "../../components/plan";
import { decodePacket } from "../../components/study";
import { PcapError, readPcap } from "../../components/study/pcap";
import { readTshark } from "../../components/study/tshark";
import { bytesOf } from "../support/packet-bytes";
import { pcapOf } from "../support/pcap";
import { planOf } from "../support/problems";
import { needTools } from "../support/tools";
import { decodedByTshark } from "../support/tshark";

/** Every packet on every hop of every pair and probe, in each encapsulation, on both kinds of fabric. */
function packets(): Packet[] {
  const found = new Map<string, Packet>();
  for (const encapsulation of ENCAPSULATIONS)
    for (const fabric of ["plain", "aws"]) {
      const plan = planOf({ encapsulation, fabric, faults: ["mtu-too-big"] });
      for (const pair of pairsOf(plan))
        for (const probe of probesOf(pair))
          for (const hop of traceOf(plan, pair, probe).hops)
            for (const packet of [hop.in, hop.out]) if (packet) found.set(JSON.stringify(packet), packet);
    }
  return [...found.values()];
}

const ICMP_ERROR = Buffer.concat([
  Buffer.from("4500003800000000400100000a0003010a00030a0304000000000578", "hex"),
  // The header of the packet that was too large, and the first eight bytes behind it.
  Buffer.from("450005dc00004000400600000a00030a0a00040a9c400050000000000000000000", "hex").subarray(0, 28),
]);

describe("a decoded packet", function () {
  this.timeout(60_000);
  before(function () {
    needTools(this, "tshark");
  });

  it("has the fields that tshark finds, in every encapsulation", () => {
    const all = packets();
    assert.ok(all.length > 500, `${all.length} packets`);
    const kinds = new Set(all.map(({ headers }) => headers.map(({ kind }) => kind).join(" ")));
    for (const kind of [
      "ipv4 ipv4 icmp data",
      "ipv4 udp vxlan ethernet ipv4 tcp",
      "ipv4 tcp",
      "ipv4 udp data",
    ])
      assert.ok(kinds.has(kind), [...kinds].join(", "));
    const bytes = all.map(bytesOf);
    const decoded = decodedByTshark(pcapOf(bytes));
    assert.equal(decoded.length, all.length);
    for (const [i, { packet }] of decoded.entries())
      assert.deepEqual(decodePacket(bytes[i] as Buffer), packet, JSON.stringify(all[i]));
  });

  it("may be a fragment, or an error about another packet", () => {
    const [ping] = packets().filter(
      ({ headers }) => headers.map(({ kind }) => kind).join() === "ipv4,icmp,data",
    );
    const first = bytesOf(ping as Packet);
    first.writeUInt16BE(0x2000, 6); // more fragments
    const later = Buffer.from(first);
    later.writeUInt16BE(0x2000 | 185, 6);
    const bytes = [first, later, ICMP_ERROR];
    const decoded = decodedByTshark(pcapOf(bytes));
    assert.deepEqual(
      bytes.map((one) => decodePacket(one)),
      decoded.map(({ packet }) => packet),
    );
    assert.match(decoded[2]?.text ?? "", /^ICMP Destination unreachable/);
  });
});

describe("a pcap", () => {
  const ping = Buffer.from("4500001c000040004001000a0a00030a0a00040a0800000000010001", "hex");

  it("is read on each link that tcpdump captures on, in either byte order", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("ethernet", "vlan", "raw", "any", "any2"),
        fc.boolean(),
        fc.constantFrom(1e6, 1e9),
        (link, little, fractions) => {
          const [frame, ...others] = readPcap(
            pcapOf([ping], { link, little, fractions, at: 1_700_000_000.25 }),
          );
          assert.deepEqual(others, []);
          assert.deepEqual(frame?.ipv4, ping);
          assert.equal(frame?.at, 1_700_000_000.25);
        },
      ),
    );
  });

  it("may end in the middle of a packet, and have other packets than IPv4", () => {
    const whole = pcapOf([ping, ping]);
    assert.equal(readPcap(whole.subarray(0, whole.length - 3)).length, 1);
    const arp = pcapOf([ping]);
    arp.writeUInt16BE(0x0806, 24 + 16 + 12);
    assert.deepEqual(
      readPcap(arp).map(({ ipv4 }) => ipv4),
      [undefined],
    );
  });

  it("that is none is refused with what to do", () => {
    assert.throws(() => readPcap(Buffer.from("0a0d0d0a00000000", "hex")), /pcapng.* install tshark/);
    assert.throws(() => readPcap(Buffer.from("hello")), /lab capture -w FILE/);
    const usb = pcapOf([]);
    usb.writeUInt32LE(220, 20);
    assert.throws(
      () => readPcap(usb),
      (error: Error) => error instanceof PcapError && /type 220/.test(error.message),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200, size: "max" }), (bytes) => {
        const frames = readPcap(Buffer.concat([pcapOf([]), Buffer.from(bytes)]));
        assert.ok(frames.length <= bytes.length / 16);
      }),
    );
  });
});

describe("tshark's lines", () => {
  it("have text of any kind in their last column", () => {
    const cells = [
      "1.5",
      "60",
      "eth:ethertype:arp",
      ...Array(14).fill(""),
      "ARP",
      "Who has 10.0.3.1,\tTell 10.0.3.10",
    ];
    assert.deepEqual(readTshark(`${cells.join("\t")}\n`), [
      { at: 1.5, length: 60, text: "ARP Who has 10.0.3.1, Tell 10.0.3.10" },
    ]);
  });
});
