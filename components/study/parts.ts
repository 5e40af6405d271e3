/** The dynamic resource of the observation. */
import { isDeepStrictEqual } from "node:util";
import type { Part } from "../infrastructure";
import { findRealm, realmEnded } from "../infrastructure/twin/realm";
import type { LabPlan } from "../plan";
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

export const observation: Part<ObservationInputs, ObservationOutputs> = {
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
  const realm = findRealm(folder);
  if (!realm) throw realmEnded(folder);
  return { observation: await observe(realm, plan) };
}
