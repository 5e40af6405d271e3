/** The observation as a resource of the stack. */
import type * as pulumi from "@pulumi/pulumi";
import type { Twin } from "../../infrastructure";
import type { LabPlan } from "../../plan";
import { DynamicResource } from "../../remote/dynamic";
import type { Observation } from "../observation";

/**
 * Measures every pair of the twin once it is up, and again whenever something in it changes. Its creation fails if the
 * twin's processes are gone, but not if the observation disagrees with the verdict: `announceObservation` says that.
 *
 * @example
 * ```ts
 * import { parseConfig, planLab, Twin, TwinObservation } from "encaplab";
 *
 * const plan = planLab(parseConfig({ encapsulation: "VXLAN" }));
 * const twin = new Twin("study", { plan });
 * const { observation } = new TwinObservation("study-observation", { twin, plan });
 * export const asPredicted = observation.agrees;
 * ```
 */
export class TwinObservation extends DynamicResource {
  /** What was last measured. Unknown during a preview of a change. */
  declare readonly observation: pulumi.Output<Observation>;

  /** @param measure whether to measure, or only to record what is deployed. Default: true. */
  constructor(
    name: string,
    { twin, plan, measure = true }: { twin: Twin; plan: LabPlan; measure?: boolean },
  ) {
    const inputs = { folder: twin.folder, revision: twin.revision, plan, ...(!measure && { measure }) };
    super("Observation", name, inputs, ["observation"], { parent: twin, deletedWith: twin.labFolder });
  }
}
