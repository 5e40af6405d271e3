/** What a report shows, as data that fits into a page: the plan of each encapsulation, and what was observed. */
import { ConfigError, ENCAPSULATIONS, type Encapsulation } from "../../config";
import { canSwitch, type LabPlan } from "../../plan";
import type { Bench } from "../bench";
import type { Observation } from "../observation";
import type { SwitchSeen } from "../watch";
import type { Captured } from "./captured";

/** One encapsulation of a report: the lab planned with it, or why that is not possible. */
export type ReportMode =
  | {
      encapsulation: Encapsulation;
      /** The keys of its plan that differ from the report's own. A hundred nodes stand only once. */
      differs: Partial<LabPlan>;
    }
  | { encapsulation: Encapsulation; refused: string };

/** Everything that a report shows. Survives JSON. */
export interface Report {
  stack: string;
  /** The version of encaplab, e.g. `0.2.0`. */
  version: string;
  /** When it was made, as an ISO 8601 time in UTC. */
  madeAt: string;
  /** Whether the plan is that of a lab that is up. Otherwise it is that of the config. */
  isUp: boolean;
  plan: LabPlan;
  /** One for each of Calico's encapsulations, in their order. The plan's own has no differences. */
  modes: ReportMode[];
  /** What was measured of this plan, if anything was. */
  observation?: Observation;
  /** The last switch of the lab that is up, if it was watched. */
  switched?: SwitchSeen;
  /** The last benchmark of the lab, or one from a file. */
  bench?: Bench;
  /** Packets from a file. */
  captured?: Captured;
  /** What the reader should know about where all this comes from, each as one sentence. */
  notes: string[];
  /** The config that the stack sets, without secrets. */
  config: { key: string; value: string }[];
}

/**
 * The lab under each encapsulation.
 * @param plan the lab as it is.
 * @param planWith plans the same lab with another encapsulation. Its {@link ConfigError} becomes a reason to read.
 */
export function modesOf(plan: LabPlan, planWith: (encapsulation: Encapsulation) => LabPlan): ReportMode[] {
  return ENCAPSULATIONS.map((encapsulation) => {
    if (encapsulation === plan.encapsulation) return { encapsulation, differs: {} };
    if (!plan.calico)
      return { encapsulation, refused: "The lab has no Calico, so no other encapsulation can be chosen." };
    if (!canSwitch(plan))
      return { encapsulation, refused: "Each of the lab's IPPools names an encapsulation of its own." };
    try {
      return { encapsulation, differs: difference(plan, planWith(encapsulation)) };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const [problem] = error.problems;
      return { encapsulation, refused: `${problem?.key} ${problem?.message}.` };
    }
  });
}

function difference(plan: LabPlan, other: LabPlan): Partial<LabPlan> {
  const keys = Object.keys(other) as (keyof LabPlan)[];
  const differing = keys.filter((key) => JSON.stringify(plan[key]) !== JSON.stringify(other[key]));
  return Object.fromEntries(differing.map((key) => [key, other[key]]));
}

/** The plan of a mode; undefined where the lab cannot have that encapsulation. */
export function reportedPlan({ plan, modes }: Pick<Report, "plan" | "modes">, encapsulation: Encapsulation) {
  const mode = modes.find((one) => one.encapsulation === encapsulation);
  return mode && "differs" in mode ? { ...plan, ...mode.differs } : undefined;
}
