/** What sends a trace's packet on a lab that is up, and captures it on its way: on the twin, or on a real cluster. */
import type { Endpoint, LabPlan, Trace } from "../plan";
import type { ObservedTrace } from "./sighting";

/** Follows traces through one lab. */
export interface Follower {
  /** The plan with the addresses that the lab really has. A trace that is followed must be one of this plan. */
  readonly plan: LabPlan;
  /**
   * Sends the packet, and takes it from the devices that the trace names. From cold: connections that are remembered from
   * before are forgotten, except those of BGP.
   * @throws when nothing can be measured at all.
   */
  follow(trace: Trace, to: Endpoint): Promise<ObservedTrace>;
}
