/** The dynamic resource of the observation. */
import { isDeepStrictEqual } from "node:util";
import { findSandbox, sandboxEnded } from "../infrastructure/twin/sandbox";
import type { LabPlan } from "../plan";
import type { DynamicProvider } from "../remote/dynamic";
import { observe } from "./measure";
import type { Observation } from "./observation";

/** What the resource is made from, as the state records it. */
export interface ObservationInputs {
  /** The twin's folder. */
  folder: string;
  /** Changes when anything that carries packets changes. The twin is then measured again. */
  revision: string;
  /** What is deployed in the twin. */
  plan: LabPlan;
}

/** What the state records of a measuring. */
export interface ObservationOutputs {
  observation: Observation;
}

/**
 * Measures when the resource is created, and again when the twin or its plan has changed, or when the last observation
 * disagreed with the verdict. Deleting it does nothing. Its operations throw a SandboxError if the twin is gone.
 */
export const observation: DynamicProvider<ObservationInputs, ObservationOutputs> = {
  create: measure,
  changed: async ({ folder, revision, plan }, recorded) =>
    // Measure again after a disagreement: a busy machine may have been the only cause.
    !recorded.observation.agrees ||
    folder !== recorded.folder ||
    revision !== recorded.revision ||
    !isDeepStrictEqual(plan, recorded.plan),
  update: measure,
  remove: async () => {},
};

async function measure({ folder, plan }: ObservationInputs): Promise<ObservationOutputs> {
  const sandbox = findSandbox(folder);
  if (!sandbox) throw sandboxEnded(folder);
  return { observation: await observe(sandbox, plan) };
}
