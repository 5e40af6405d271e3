/** Reports for tests, with an observation that was made up. */
import { parseConfig } from "../../components/config";
import {
  expectations,
  type Header,
  type Ipv4Header,
  type LabPlan,
  nameOf,
  type Pair,
  type ProbeName,
  pairsOf,
  planLab,
  probesOf,
} from "../../components/plan";
import type { SwitchSeen } from "../../components/study";
import type { Bench } from "../../components/study/bench";
import type { Measured } from "../../components/study/measured";
import { compare } from "../../components/study/observation";
import { idOf } from "../../components/study/order";
import { type Captured, modesOf, type Report } from "../../components/study/report";

/** What a probe did instead of what was predicted. Undefined: what was predicted. */
export type Surprise = (pair: Pair, probe: ProbeName) => boolean | undefined;

/** A surprise for all probes of one pair. */
export const onPair =
  (from: string, to: string, works: boolean): Surprise =>
  (pair) =>
    pair.from.name === from && nameOf(pair.to) === to ? works : undefined;

/** What was measured of a plan, if all went as predicted but for the surprises. */
export function observed(plan: LabPlan, surprise: Surprise = () => undefined) {
  const works = expectations(plan);
  const results: Measured["results"] = {};
  for (const pair of pairsOf(plan)) {
    for (const probe of probesOf(pair)) {
      const isFine = surprise(pair, probe) ?? works(pair, probe);
      results[idOf(pair, probe)] = { works: isFine, detail: isFine ? "" : "no answer" };
    }
  }
  const measured: Measured = { notConverged: [], results, sessions: {}, captures: {} };
  return compare(plan, measured, new Date("2026-11-26T08:00:00Z"));
}

/** A switch that lost three datagrams on its way inside the subnet, and all to the other one. */
export const SWITCHED: SwitchSeen = {
  from: "VXLAN",
  to: "None",
  at: "2026-11-26T08:00:00.000Z",
  watched: {
    flows: [
      {
        path: "same-subnet",
        from: "cp1-1",
        to: "w1-1",
        sent: 40,
        began: -1,
        lost: 3,
        outage: 150,
        losses: [{ at: 0, count: 3 }],
        stays: false,
      },
      {
        path: "cross-subnet",
        from: "cp1-1",
        to: "w2-1",
        sent: 40,
        began: -1,
        lost: 20,
        outage: 1000,
        losses: [{ at: 0, count: 20 }],
        stays: true,
      },
    ],
    connections: [
      { path: "same-subnet", from: "cp1-1", to: "w1-1", state: "lives" },
      { path: "cross-subnet", from: "cp1-1", to: "w2-1", state: "broke (nothing arrives)" },
    ],
    changes: [{ node: "w1", at: 0, change: "Deleted 172.16.0.0/26 via 172.16.0.0 dev vxlan.calico onlink" }],
  },
};

/** A capture of a ping of 84 bytes in VXLAN, and of something else. */
export const CAPTURED: Captured = {
  file: "w1.pcap",
  by: "encaplab",
  of: 2,
  packets: [
    {
      at: 0,
      length: 148,
      text: "134 bytes: in VXLAN from 10.0.3.11 > 10.0.4.10",
      packet: {
        length: 134,
        headers: [
          ...ipv4("10.0.3.11", "10.0.4.10", "udp"),
          { kind: "udp", bytes: 8, sourcePort: 40_000, destinationPort: 4789 },
          { kind: "vxlan", bytes: 8, vni: 4096 },
          { kind: "ethernet", bytes: 14 },
          ...ipv4("172.16.0.65", "172.16.0.129", "icmp"),
          { kind: "icmp", bytes: 8, type: "echo request" },
          { kind: "data", bytes: 56 },
        ],
      },
    },
    { at: 0.25, length: 60, text: "ARP Who has 10.0.3.1?" },
  ],
};

function ipv4(source: string, destination: string, protocol: Ipv4Header["protocol"]): Header[] {
  return [{ kind: "ipv4", bytes: 20, source, destination, protocol, ttl: 64, dontFragment: false }];
}

/**
 * A report as JSON would carry it.
 * @param more `surprise`: measured, with these surprises. Without it nothing was measured.
 */
export function reportOf(
  config: Record<string, unknown>,
  more: {
    stack?: string;
    surprise?: Surprise;
    switched?: SwitchSeen;
    bench?: Bench;
    captured?: Captured;
  } = {},
): Report {
  const plan = planLab(parseConfig(config));
  const { stack = "L0", surprise, switched, bench, captured } = more;
  const report: Report = {
    stack,
    version: "0.0.0",
    madeAt: "2026-11-26T08:00:00.000Z",
    isUp: surprise !== undefined,
    plan,
    modes: modesOf(plan, (encapsulation) => planLab(parseConfig({ ...config, encapsulation }))),
    ...(surprise && { observation: observed(plan, surprise) }),
    ...(switched && { switched }),
    ...(bench && { bench }),
    ...(captured && { captured }),
    notes: [],
    config: Object.entries(config).map(([key, value]) => ({
      key: `encaplab:${key}`,
      value: JSON.stringify(value),
    })),
  };
  return JSON.parse(JSON.stringify(report));
}
