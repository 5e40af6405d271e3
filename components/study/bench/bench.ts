/** A benchmark of a lab: what was measured, as data that survives JSON. */
import type { Encapsulation, Fabric } from "../../config";
import type { Path } from "../../plan";

/** The paths that are measured: those between pods. */
export const BENCH_PATHS = ["same-node", "same-subnet", "cross-subnet"] as const satisfies Path[];
/** One of the {@link BENCH_PATHS}. */
export type BenchPath = (typeof BENCH_PATHS)[number];

/** What is measured on each path. `better`: whether more of it is better. */
export const METRICS = {
  tcp1: { head: "TCP, 1", title: "TCP, one stream", unit: "bit/s", better: "more" },
  tcp8: { head: "TCP, 8", title: "TCP, eight streams", unit: "bit/s", better: "more" },
  udp: { head: "UDP", title: "UDP, received", unit: "bit/s", better: "more" },
  p50: { head: "RTT p50", title: "Round trip, median", unit: "ms", better: "less" },
  p99: { head: "RTT p99", title: "Round trip, 99th percentile", unit: "ms", better: "less" },
} as const;
/** One of the {@link METRICS}. */
export type Metric = keyof typeof METRICS;
export const METRIC_NAMES = Object.keys(METRICS) as Metric[];

/**
 * The figures of one measurement: the metrics, and what explains them. `udpLost`: share of the datagrams, from 0 to 1.
 * `retransmits1`, `retransmits8`: segments that TCP sent again. `mss`: TCP's maximum segment size in bytes.
 */
export type Figures = Partial<Record<Metric | "udpLost" | "retransmits1" | "retransmits8" | "mss", number>>;

/** How the packets of a measurement travelled: by an encapsulation, or between the nodes themselves, without pods. */
export type Way = Encapsulation | "nodes";

/** One measurement of a path: a round of a way. */
export interface BenchSample {
  path: BenchPath;
  way: Way;
  /** From 1. */
  round: number;
  figures: Figures;
  /** What could not be measured, each in a sentence. */
  problems: string[];
}

/** A path with the two pods, or nodes, that stand for it. They are the same in every way. */
export interface BenchPair {
  path: BenchPath;
  from: string;
  to: string;
  /** The nodes that the pods are on. */
  nodes: [from: string, to: string];
  /** The way without encapsulation that all others are held against. */
  baseline: Way;
}

/** A path that the verdict says is lost in an encapsulation, so that there is nothing to measure. */
export interface BenchLoss {
  path: BenchPath;
  encapsulation: Encapsulation;
  hop: string;
  cause: string;
  fix: string;
}

/** An encapsulation, or why it was not measured. `mtu`: of a pod, in bytes. */
export type BenchMode =
  | { encapsulation: Encapsulation; mtu: number; carriers: Partial<Record<BenchPath, string>> }
  | { encapsulation: Encapsulation; refused: string };

/** A machine on which nodes of the lab are. */
export interface BenchMachine {
  nodes: string[];
  /** As `uname -sr` names it. */
  kernel: string;
  processor: string;
  processors: number;
  iperf3: string;
}

/** Everything that a benchmark has measured. */
export interface Bench {
  /** What was measured, as an observation names it. */
  of: string;
  /** Whether it was the twin: the datapath of one kernel. */
  onTwin: boolean;
  /** When it began and ended, as ISO 8601 times in UTC. */
  began: string;
  ended: string;
  fabric: Fabric;
  /** The lab's own encapsulation. */
  encapsulation: Encapsulation;
  rounds: number;
  /** Seconds of each measurement of throughput, after a warm-up of {@link WARM_UP} s that does not count. */
  seconds: number;
  /** Of the link, in bytes. */
  mtu: number;
  pairs: BenchPair[];
  modes: BenchMode[];
  lost: BenchLoss[];
  samples: BenchSample[];
  machines: BenchMachine[];
  /** What the reader should know before trusting the figures, each as a sentence. */
  notes: string[];
  versions: { encaplab: string; kubernetes?: string; calico?: string };
}

/** Seconds that a connection may take to become as fast as it will be, before it is measured. */
export const WARM_UP = 1;
