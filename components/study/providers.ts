/** The dynamic resource of the observation. */
import { isDeepStrictEqual } from "node:util";
import { findSandbox, sandboxEnded } from "../infrastructure/twin/sandbox";
import type { LabPlan } from "../plan";
import type { DynamicProvider } from "../remote/dynamic";
import { observe } from "./measure";
import type { Observation } from "./observation";

export interface ObservationInputs {
  /** The twin's folder. */
  folder: string;
  /** Changes when anything that carries packets changes. The twin is then measured again. */
  revision: string;
  plan: LabPlan;
}

export interface ObservationOutputs {
  observation: Observation;
}

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
