/** What `switch` needs from whatever carries packets: the twin, or a real cluster. */
import type { LabPlan } from "../plan";
import type { Watched } from "./watch";

/**
 * Watches a lab while it is switched, as a `Prober` measures one that is at rest.
 *
 * Its packets go in both directions, so a stateful security group passes what it would refuse from cold (calico#1996): a
 * path may be seen to go on although the verdict says that it fails. An observation of the lab ends the watch once the routes
 * have converged, before it measures from cold.
 */
export interface Watcher {
  /**
   * Begins to watch.
   * @param plan what is deployed, before the switch.
   * @returns undefined where the lab cannot be watched. The watcher has then said why, and the switch goes on.
   */
  begin(plan: LabPlan): Promise<Watch | undefined>;
}

/** A watch that runs. */
export interface Watch {
  /** Ends it if an observation has not done so already. @returns what was seen; undefined if it could not watch. */
  end(): Promise<Watched | undefined>;
}
