/** What the study needs from whatever carries packets: the twin, or a real cluster. */
import type { LabPlan } from "../plan";
import type { Evidence } from "./evidence";
import type { Measured } from "./measured";
import type { Sample } from "./sample";

/**
 * Measures a lab. The study knows only this: it never knows a cloud. A prober finds the study's pods, sends packets from
 * them and from the nodes, looks at the nodes' routes, and captures packets there.
 */
export interface Prober {
  /** What is measured, as the head of the report names it: `the network twin, a model`. */
  readonly of: string;
  /** The pairs that it can probe: in a large lab a sample. @param all every pair, however many there are. */
  sample(plan: LabPlan, all: boolean): Sample;
  /**
   * Probes the pairs of the sample, once the routes have converged. A pair that the verdict says fails is believed to fail
   * only when it fails throughout a window; one that should work is waited for.
   * @throws when nothing can be measured at all.
   */
  measure(plan: LabPlan, sample: Sample): Promise<{ measured: Measured; evidence: Evidence[] }>;
  /** Runs commands in the study's pods and on the nodes. @throws when there is no pod to run them in. */
  runner(plan: LabPlan): Promise<Runner>;
}

/** Runs commands in the places of a lab, by the names of its nodes and of the study's pods. */
export interface Runner {
  /** The place's address; undefined if there is no such place. */
  addressOf(name: string): string | undefined;
  /**
   * Runs a line of POSIX shell. A place that does not answer is a result, without an exit code.
   * @param seconds until it is given up.
   */
  run(name: string, command: string, seconds: number): Promise<Evidence>;
}
