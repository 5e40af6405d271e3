/** What makes a packet, and what tunnels, routers and NAT make of one: every header, with its length. */
import assert from "node:assert/strict";
import type { Header, NodePlan, Packet } from "../../components/plan";
import type { Host, Leg, Wire } from "../../components/plan/packet";
import type { Source } from "../../components/plan/path";
import type { Probe } from "../../components/plan/probe";
import * as rewrite from "../../components/plan/rewrite";

const hostAt = (address: string, node: string): Host => ({
  kind: "pod",
  pod: { address } as Source,
  node: { address: node } as NodePlan,
});

/** The packet of a probe from one pod to another, or of its answer, before natOutgoing gives it another address. */
function made(probe: Probe, more: Partial<Leg> = {}): Packet {
  return rewrite.madeOn({
    from: hostAt("172.16.0.65", "10.0.3.11"),
    to: hostAt("172.16.0.129", "10.0.4.10"),
    probe,
    translated: true,
    dontFragment: true,
    seen: [],
    direction: "there",
    ...more,
  });
}

/** A packet's length, then each header: its kind, its length, and what is in it. */
const textOf = ({ length, headers }: Packet): string => [length, ...headers.map(partOf)].join(" | ");

function partOf(header: Header): string {
  const { kind, bytes } = header;
  if (kind === "ipv4") {
    const { source, destination, protocol, ttl, dontFragment } = header;
    return `${kind} ${bytes} ${source}>${destination} ${protocol} ttl ${ttl}${dontFragment ? " DF" : ""}`;
  }
  if (kind === "tcp" || kind === "udp")
    return `${kind} ${bytes} ${header.sourcePort ?? ""}>${header.destinationPort ?? ""}`;
  if (kind === "icmp") return `${kind} ${bytes} ${header.type}`;
  return kind === "vxlan" ? `${kind} ${bytes} vni ${header.vni}` : `${kind} ${bytes}`;
}

const THERE = "172.16.0.65>172.16.0.129";
const PING: Probe = { protocol: "icmp", size: 84 };
const outer = (more: Partial<Wire>): Wire => ({
  source: "10.0.3.11",
  destination: "10.0.4.10",
  protocol: "udp",
  ...more,
});

describe("a packet that is made", () => {
  const back = { direction: "back", dontFragment: false } as const;
  const cases: [title: string, probe: Probe, more: Partial<Leg>, text: string][] = [
    ["is a ping with DF", PING, {}, `84 | ipv4 20 ${THERE} icmp ttl 64 DF | icmp 8 echo request | data 56`],
    [
      "is an echo reply, on which Linux sets no DF",
      PING,
      back,
      `84 | ipv4 20 ${THERE} icmp ttl 64 | icmp 8 echo reply | data 56`,
    ],
    [
      "is a datagram for a port",
      { protocol: "udp", port: 53, size: 84 },
      {},
      `84 | ipv4 20 ${THERE} udp ttl 64 DF | udp 8 >53 | data 56`,
    ],
    [
      "is the answer to a datagram, from the port and with DF",
      { protocol: "udp", port: 53, size: 84 },
      back,
      `84 | ipv4 20 ${THERE} udp ttl 64 DF | udp 8 53> | data 56`,
    ],
    [
      "is a SYN, whose options fill the 60 bytes",
      { protocol: "tcp", port: 8080, size: 60 },
      {},
      `60 | ipv4 20 ${THERE} tcp ttl 64 DF | tcp 40 >8080`,
    ],
    [
      "is a SYN's answer",
      { protocol: "tcp", port: 8080, size: 60 },
      back,
      `60 | ipv4 20 ${THERE} tcp ttl 64 DF | tcp 40 8080>`,
    ],
    [
      "is a segment with timestamps, so 32 bytes of header (RFC 7323)",
      { protocol: "tcp", port: 8080, size: 1500 },
      {},
      `1500 | ipv4 20 ${THERE} tcp ttl 64 DF | tcp 32 >8080 | data 1448`,
    ],
    [
      "is a ping without data, and has no empty part",
      { protocol: "icmp", size: 28 },
      {},
      `28 | ipv4 20 ${THERE} icmp ttl 64 DF | icmp 8 echo request`,
    ],
  ];
  for (const [title, probe, more, text] of cases)
    it(title, () => assert.equal(textOf(made(probe, more)), text));
});

describe("a packet that is rewritten", () => {
  const inside = "ipv4 20 172.16.0.65>172.16.0.129 icmp ttl 63 DF | icmp 8 echo request | data 56";
  let ping: Packet;
  beforeEach(() => {
    ping = rewrite.forwarded(made(PING));
  });

  it("has lost one of its TTL to each router, and only outside", () => {
    assert.equal(textOf(ping), `84 | ${inside}`);
    const tunnelled = rewrite.forwarded(rewrite.encapsulated(ping, outer({ port: 4789 })));
    assert.deepEqual(
      tunnelled.headers.map((header) => (header.kind === "ipv4" ? header.ttl : undefined)),
      [63, undefined, undefined, undefined, 63, undefined, undefined],
    );
  });

  it("has an outer header in IPIP, which takes TTL and DF from the inner one", () => {
    const ipip = (packet: Packet) => textOf(rewrite.encapsulated(packet, outer({ protocol: "4" })));
    assert.equal(ipip(ping), `104 | ipv4 20 10.0.3.11>10.0.4.10 4 ttl 63 DF | ${inside}`);
    const reply = made(PING, { dontFragment: false });
    assert.match(ipip(reply), /^104 \| ipv4 20 10\.0\.3\.11>10\.0\.4\.10 4 ttl 64 \| /);
  });

  it("has 50 bytes more in VXLAN, Calico's or the tenant network's, with a TTL of its own and no DF", () => {
    const vxlan = (port: number) => textOf(rewrite.encapsulated(ping, outer({ port })));
    const with50 = (port: number, vni: number) =>
      `134 | ipv4 20 10.0.3.11>10.0.4.10 udp ttl 64 | udp 8 >${port} | vxlan 8 vni ${vni} | ethernet 14 | ${inside}`;
    assert.equal(vxlan(4789), with50(4789, 4096));
    assert.equal(vxlan(8472), with50(8472, 1001));
  });

  it("is in ESP inside UDP 4500 on a link: AES-CBC pads 84 bytes and the trailer to 96, with an IV of 16 and 16 of hash", () => {
    assert.equal(
      textOf(rewrite.inEsp(ping, { source: "192.0.2.1", destination: "192.0.2.2" }, "aes128-sha256")),
      `164 | ipv4 20 192.0.2.1>192.0.2.2 udp ttl 64 | udp 8 4500>4500 | esp 52 | ${inside}`,
    );
  });

  it("is what it was when it comes out of its tunnel, and the same if it was in none", () => {
    for (const wire of [outer({ protocol: "4" }), outer({ port: 4789 })])
      assert.deepEqual(rewrite.decapsulated(rewrite.encapsulated(ping, wire)), ping);
    assert.deepEqual(rewrite.decapsulated(ping), ping);
  });

  it("has the addresses and ports that NAT gives it, and keeps the others", () => {
    const text = (packet: Packet, by: rewrite.Rewrite) => textOf(rewrite.rewritten(packet, by));
    assert.equal(text(ping, { source: "10.0.3.11" }), `84 | ${inside.replace("172.16.0.65", "10.0.3.11")}`);
    const syn = made({ protocol: "tcp", port: 80, size: 60 });
    assert.equal(
      text(syn, { destination: "172.16.0.2", destinationPort: 8080 }),
      "60 | ipv4 20 172.16.0.65>172.16.0.2 tcp ttl 64 DF | tcp 40 >8080",
    );
    const datagram = made({ protocol: "udp", port: 53, size: 84 }, { direction: "back" });
    assert.equal(
      text(datagram, { source: "10.96.0.10", sourcePort: 5353 }),
      "84 | ipv4 20 10.96.0.10>172.16.0.129 udp ttl 64 DF | udp 8 5353> | data 56",
    );
    assert.equal(text(ping, { sourcePort: 1 }), `84 | ${inside}`, "ICMP has no ports");
  });
});
