/** A benchmark whose figures are made up: each way has its own throughput and round trip, which drift from round to round. */
import { ENCAPSULATIONS, type Encapsulation } from "../../components/config";
import { type LabPlan, pairsOf } from "../../components/plan";
import type { Bench, BenchOrder, BenchSettings, Way } from "../../components/study/bench";
import { benchOrder, stepsOf } from "../../components/study/bench";
import { planOf, type RawConfig } from "./problems";

/** The order of a benchmark of a lab in every encapsulation. */
export function orderFor(config: RawConfig, settings: BenchSettings = { rounds: 3, seconds: 2 }): BenchOrder {
  const plan = planOf(config);
  const modes = ENCAPSULATIONS.map((encapsulation) => ({
    encapsulation,
    plan: planOf({ ...config, encapsulation }) as LabPlan,
  }));
  return benchOrder(plan.encapsulation, pairsOf(plan), modes, settings);
}

/** What a way costs, of the throughput without it. */
const COSTS: Partial<Record<Way, number>> = { IPIP: 0.9, VXLAN: 0.8 };

/** The benchmark of a lab. */
export function benchOf(config: RawConfig, changes: Partial<Bench> = {}): Bench {
  const order = orderFor(config);
  const plan = planOf(config);
  const samples = stepsOf(order).flatMap(({ round, measurements }) =>
    measurements.map(({ pair: { path }, way }) => {
      const factor = (path === "same-node" ? 1 : (COSTS[way] ?? 1)) * (1 + round / 10);
      return {
        path,
        way,
        round,
        figures: {
          tcp1: 10e9 * factor,
          tcp8: 12e9 * factor,
          udp: 600e6 * factor,
          p50: 0.02 / factor,
          p99: 1.5 / factor,
          udpLost: 0.25,
          retransmits1: 3,
          retransmits8: 40,
          mss: 1398,
        },
        problems: [],
      };
    }),
  );
  return {
    of: "the network twin, a model",
    onTwin: true,
    began: "2026-11-26T09:00:00.000Z",
    ended: "2026-11-26T09:08:00.000Z",
    fabric: plan.fabric,
    encapsulation: plan.encapsulation as Encapsulation,
    rounds: order.rounds,
    seconds: order.seconds,
    mtu: plan.mtu.link,
    pairs: order.pairs,
    modes: order.modes,
    lost: order.lost,
    samples,
    machines: [
      { nodes: ["cp1", "w1", "w2"], kernel: "Linux 6.12.0", processor: "Z80", processors: 2, iperf3: "3.12" },
    ],
    notes: [],
    versions: { encaplab: "0.2.0" },
    ...changes,
  };
}
