/** A lab of somebody else's on the twin of this machine. */
import { ConfigError, parseConfig } from "../../config";
import { type LabPlan, planLab } from "../../plan";
import { configOf } from "./config";

/**
 * The same lab, rehearsed: it needs no account and no machine. A few labs cannot be, such as one on existing machines whose
 * subnets no cloud would make.
 * @returns the plan, and why it is the given one if it cannot be rehearsed.
 */
export function rehearsed(plan: LabPlan): { plan: LabPlan; refused?: string } {
  if (plan.onTwin) return { plan };
  try {
    const { hosts, ...config } = configOf(plan);
    // The router keeps its addresses; the machines are none in a rehearsal.
    const router = hosts?.router && { hosts: { router: hosts.router } };
    return { plan: planLab(parseConfig({ ...config, ...router, rehearse: true })) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const [problem] = error.problems;
    return { plan, refused: `${problem?.key} ${problem?.message}` };
  }
}
