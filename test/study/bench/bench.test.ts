/** What a benchmark measures, what its programs print, and what the figures say together. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { ENCAPSULATIONS } from "../../../components/config";
import { pairsOf } from "../../../components/plan";
import {
  benchFigures,
  benchOrder,
  changesIn,
  durationOf,
  formatBench,
  formatBenchMarkdown,
  inUnit,
  middleOf,
  ratioOf,
  stepsOf,
} from "../../../components/study/bench";
import {
  clientCommand,
  portOf,
  quantile,
  readIperf,
  readMachine,
  readPings,
} from "../../../components/study/bench/commands";
import { benchOf, orderFor } from "../../support/benches";
import { planOf } from "../../support/problems";

const PLAIN = { podRoutes: true } as const;

describe("a benchmark's order", () => {
  it("begins with the lab's own encapsulation, and each round with another one", () => {
    const steps = stepsOf(orderFor({ ...PLAIN, encapsulation: "VXLAN" }));
    assert.deepEqual(
      steps.map(({ round, encapsulation }) => `${round} ${encapsulation}`),
      [
        ...["1 VXLAN", "1 IPIP", "1 IPIPCrossSubnet", "1 VXLANCrossSubnet", "1 None"],
        ...["2 IPIP", "2 IPIPCrossSubnet", "2 VXLANCrossSubnet", "2 None", "2 VXLAN"],
        ...["3 IPIPCrossSubnet", "3 VXLANCrossSubnet", "3 None", "3 VXLAN", "3 IPIP"],
      ],
    );
    assert.equal(changesIn(steps, "VXLAN"), 15);
  });

  it("measures the same pods in every encapsulation: of a node, of a subnet, and across subnets", () => {
    const { pairs } = orderFor(PLAIN);
    assert.deepEqual(pairs, [
      { path: "same-node", from: "cp1-1", to: "cp1-2", nodes: ["cp1", "cp1"], baseline: "None" },
      { path: "same-subnet", from: "cp1-1", to: "w1-1", nodes: ["cp1", "w1"], baseline: "None" },
      { path: "cross-subnet", from: "cp1-1", to: "w2-1", nodes: ["cp1", "w2"], baseline: "None" },
    ]);
  });

  it("has no measurement of a path that is lost, but its cause, and holds that path against the nodes' own", () => {
    const order = orderFor({ encapsulation: "None" });
    assert.deepEqual(
      order.lost.map(({ path, encapsulation, hop }) => [path, encapsulation, hop]),
      [["cross-subnet", "None", "router"]],
    );
    assert.match(order.lost[0]?.fix ?? "", /podRoutes/);
    assert.equal(order.pairs[2]?.baseline, "nodes");
    const ways = stepsOf(order)
      .filter(({ round }) => round === 2)
      .flatMap(({ measurements }) => measurements)
      .flatMap(({ pair, way }) => (pair.path === "cross-subnet" ? [way] : []));
    assert.deepEqual(ways.sort(), ["IPIP", "IPIPCrossSubnet", "VXLAN", "VXLANCrossSubnet", "nodes"]);
  });

  it("takes a pair that works in most encapsulations, where a fault is on one node", () => {
    const faults = [{ fault: "vxlan-blocked", nodes: ["cp1"] }];
    const { pairs, lost } = orderFor({ ...PLAIN, fabric: "aws", faults });
    assert.deepEqual(lost, []);
    assert.ok(
      pairs.slice(1).every(({ nodes }) => !nodes.includes("cp1")),
      JSON.stringify(pairs),
    );
  });

  it("measures each encapsulation that the lab can have once in each round, and names the others", () => {
    fc.assert(
      fc.property(
        fc.subarray([...ENCAPSULATIONS], { minLength: 1 }),
        fc.integer({ min: 1, max: 4 }),
        (names, rounds) => {
          const modes = ENCAPSULATIONS.map((encapsulation) =>
            names.includes(encapsulation)
              ? { encapsulation, plan: planOf({ ...PLAIN, encapsulation }) }
              : { encapsulation, refused: "it cannot" },
          );
          const own = names[0] as (typeof ENCAPSULATIONS)[number];
          const order = benchOrder(own, pairsOf(planOf(PLAIN)), modes, { rounds, seconds: 1 });
          const steps = stepsOf(order);
          assert.equal(steps[0]?.encapsulation, own);
          for (let round = 1; round <= rounds; round++)
            assert.deepEqual(
              steps.flatMap((step) => (step.round === round ? [step.encapsulation] : [])).sort(),
              [...names].sort(),
            );
          assert.equal(
            order.modes.filter((mode) => "refused" in mode).length,
            ENCAPSULATIONS.length - names.length,
          );
          assert.ok(durationOf(order, 3) > rounds * names.length * 3 * 3);
        },
      ),
      { numRuns: 30 },
    );
  });
});

/** What iperf3 3.12 prints, without what is not read. */
const iperf = (end: object, more: object = {}) =>
  JSON.stringify({ start: { tcp_mss_default: 1398 }, end, ...more });

describe("what a benchmark's programs print", () => {
  it("is read as what arrived, with what was sent again", () => {
    const tcp = iperf({ sum_sent: { retransmits: 7 }, sum_received: { bits_per_second: 8.9e9 } });
    assert.deepEqual(readIperf(tcp, { protocol: "tcp", streams: 1 }), {
      figures: { tcp1: 8.9e9, retransmits1: 7, mss: 1398 },
    });
    assert.deepEqual(readIperf(tcp, { protocol: "tcp", streams: 8 }), {
      figures: { tcp8: 8.9e9, retransmits8: 7 },
    });
    const warning =
      "warning: UDP block size 1422 exceeds TCP MSS 1398, may result in fragmentation / drops\n";
    const udp = iperf({ sum_received: { bits_per_second: 3.7e8, lost_percent: 60 } });
    assert.deepEqual(readIperf(warning + udp, { protocol: "udp", streams: 1 }), {
      figures: { udp: 3.7e8, udpLost: 0.6 },
    });
  });

  it("may be a reason why there is no figure", () => {
    const run = { protocol: "tcp", streams: 1 } as const;
    const error = "error - unable to connect to server: Connection refused";
    assert.deepEqual(readIperf(iperf({}, { error }), run), { problem: error });
    assert.deepEqual(readIperf("sh: 1: iperf3: not found", run), { problem: "sh: 1: iperf3: not found" });
    assert.deepEqual(readIperf("", run), { problem: "iperf3 printed nothing" });
    assert.deepEqual(readPings("connect: Network is unreachable\n"), {
      problem: "connect: Network is unreachable",
    });
  });

  it("has round trips, of which the first fifty do not count", () => {
    const lines = Array.from(
      { length: 150 },
      (_, i) => `64 bytes from 172.16.0.129: icmp_seq=${i + 1} ttl=62 time=${i < 50 ? 9 : (i - 49) / 100} ms`,
    );
    assert.deepEqual(readPings(lines.join("\n")), { figures: { p50: 0.5, p99: 0.99 } });
  });

  it("names the machine", () => {
    assert.deepEqual(
      readMachine("Linux 6.12.0\n4\nmodel name\t: AMD EPYC: 7R13\niperf 3.12 (cJSON 1.7.15)\n"),
      { kernel: "Linux 6.12.0", processors: 4, processor: "AMD EPYC: 7R13", iperf3: "3.12" },
    );
  });

  it("come from commands that fill a packet, on ports that a fault does not close", () => {
    const udp = { protocol: "udp", streams: 1, seconds: 2, mtu: 1450 } as const;
    assert.match(clientCommand("10.0.3.11", 5201, udp), / -u -b 0 -l 1422 /);
    assert.match(clientCommand("10.0.3.11", 5201, { ...udp, protocol: "tcp", streams: 8 }), / -O 1 -P 8 /);
    for (let run = 0; run < 200; run++) assert.ok(portOf(run) > 5200 && portOf(run) < 5300);
  });
});

describe("a benchmark's figures", () => {
  it("are medians with half of the distance as their spread", () => {
    assert.deepEqual(middleOf([3, 1, 2]), { median: 2, spread: 1, rounds: 3 });
    assert.deepEqual(middleOf([4, 1]), { median: 2.5, spread: 1.5, rounds: 2 });
    assert.equal(middleOf([]), undefined);
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.1, max: 1e6, noNaN: true }), { minLength: 1 }), (values) => {
        const sorted = [...values].sort((a, b) => a - b);
        const [p50, p99] = [quantile(sorted, 0.5) as number, quantile(sorted, 0.99) as number];
        assert.ok(p50 <= p99 && sorted.includes(p50));
        assert.ok(sorted.filter((one) => one <= p50).length >= values.length / 2);
      }),
    );
  });

  it("are divided by the baseline of the same round, so that a machine which becomes slower changes no ratio", () => {
    const bench = benchOf({ ...PLAIN, encapsulation: "VXLAN" });
    const pair = bench.pairs[1];
    assert.ok(pair);
    const ratio = ratioOf(bench, pair, "VXLAN", "tcp1");
    assert.ok(ratio && Math.abs(ratio.median - 0.8) < 1e-9 && ratio.spread < 1e-9 && ratio.rounds === 3);
    const delay = ratioOf(bench, pair, "VXLAN", "p50");
    assert.ok(delay && Math.abs(delay.median - 1.25) < 1e-9);
    const figure = benchFigures(bench).find(({ path, way }) => path === "same-subnet" && way === "VXLAN");
    assert.ok(Math.abs((figure?.metrics.tcp1?.ratio ?? 0) - 0.8) < 1e-9);
    assert.equal(figure?.metrics.tcp1?.value, 10e9 * 0.8 * 1.2);
  });

  it("without a round of the baseline have no ratio of that round", () => {
    const whole = benchOf(PLAIN);
    const samples = whole.samples.filter(({ way, round }) => way !== "None" || round === 2);
    const ratio = ratioOf({ samples }, { path: "same-node", baseline: "None" }, "VXLAN", "tcp1");
    assert.equal(ratio?.rounds, 1);
  });

  it("are told in at most 80 columns, with the ratio first, what is lost, and what they are not", () => {
    const modes = benchOf({}).modes.map((mode) =>
      mode.encapsulation.startsWith("IPIP")
        ? { encapsulation: mode.encapsulation, refused: "this kernel has no ipip driver" }
        : mode,
    );
    const samples = benchOf({}).samples.filter(({ way }) => !way.startsWith("IPIP"));
    const text = formatBench(benchOf({}, { modes, samples, notes: ["This machine was busy."] }), {
      verbose: true,
    });
    for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
    const [headline = ""] = text.split("\n\n");
    assert.match(headline, /^TCP throughput \(one stream\) as a ratio to the path without encapsulation:$/m);
    assert.match(headline, /^ENCAPSULATION +SAME-NODE +SAME-SUBNET +CROSS-SUBNET$/m);
    assert.match(headline, /^VXLAN +1\.00 ±0\.00 +0\.80 ±0\.00 +0\.80 ±0\.00$/m);
    assert.match(headline, /^None +1 +1 +lost$/m);
    assert.match(text, /^None +12\.0 Gbit\/s +14\.4 Gbit\/s +720 Mbit\/s +17 µs +1\.25 ms$/m);
    assert.match(text, /^node to node +12\.0 Gbit\/s/m);
    assert.match(
      text,
      /^Measured on the network twin: this kernel's datapath, and not a cloud's network\.$/m,
    );
    assert.match(text, /^None, cross-subnet: lost at router: /m);
    assert.match(text, /^IPIP and IPIPCrossSubnet: not measured: this kernel has no ipip driver\.$/m);
    assert.match(text, /^This machine was busy\.$/m);
    assert.match(text, /^ {2}VXLAN: 25 % of the datagrams lost; segments sent again: 3 and 40$/m);
    assert.match(text, /^cp1, w1, w2: Linux 6\.12\.0, 2 × Z80, iperf3 3\.12$/m);
  });

  it("are told in Markdown, in which a name is no markup", () => {
    const text = formatBenchMarkdown("my_lab", benchOf({}));
    assert.match(text, /^## my\\_lab: what the encapsulations cost$/m);
    assert.match(text, /^\| VXLAN \| 1\.00 ±0\.00 \| 0\.80 ±0\.00 \| 0\.80 ±0\.00 \|$/m);
    assert.match(text, /^### cross-subnet, cp1-1 > w2-1$/m);
    assert.match(text, /^\| VXLAN \|.* \| 25 % \| 3, 40 \|$/m);
    assert.doesNotMatch(text, /undefined|NaN/);
  });

  it("have the unit that needs fewest digits", () => {
    assert.deepEqual(
      [
        inUnit(23.4e9, "tcp1"),
        inUnit(602e6, "udp"),
        inUnit(5e3, "udp"),
        inUnit(0.0312, "p50"),
        inUnit(1.25, "p99"),
      ],
      ["23.4 Gbit/s", "602 Mbit/s", "5.00 kbit/s", "31 µs", "1.25 ms"],
    );
  });
});
