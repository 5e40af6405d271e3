/** The dynamic resources of the observation: of the twin, and of a cluster. */
import { isDeepStrictEqual } from "node:util";
import { forgetConnections } from "../infrastructure/hosts/containers/run";
import { findSandbox, sandboxEnded } from "../infrastructure/twin/sandbox";
import type { LabPlan } from "../plan";
import type { DynamicProvider } from "../remote/dynamic";
import { observe } from "./measure";
import type { Observation } from "./observation";
import { twinProber } from "./twin-prober";

/** What the resource is made from, as the state records it. */
export interface ObservationInputs {
  /** The twin's folder. */
  folder: string;
  /** Changes when anything that carries packets changes. The twin is then measured again. */
  revision: string;
  /** What is deployed in the twin. */
  plan: LabPlan;
  /** False: only record what is deployed. Absent in most states: the twin is measured. */
  measure?: boolean;
}

/** What the state records of a measuring. */
export interface ObservationOutputs {
  /** Absent if nothing was measured. */
  observation?: Observation;
}

/**
 * Measures when the resource is created, and again when the twin or its plan has changed, or when the last observation
 * disagreed with the verdict. Deleting it does nothing. Its operations throw a SandboxError if the twin is gone.
 */
export const observation: DynamicProvider<ObservationInputs, ObservationOutputs> = {
  create: measureTwin,
  changed: async ({ folder, revision, plan, measure = true }, recorded) =>
    // Measure again after a disagreement: a busy machine may have been the only cause.
    (measure && !recorded.observation?.agrees) ||
    measure !== (recorded.measure ?? true) ||
    folder !== recorded.folder ||
    revision !== recorded.revision ||
    !isDeepStrictEqual(plan, recorded.plan),
  update: measureTwin,
  remove: async () => {},
};

async function measureTwin({ folder, plan, measure }: ObservationInputs): Promise<ObservationOutputs> {
  if (measure === false) return {};
  const sandbox = findSandbox(folder);
  if (!sandbox) throw sandboxEnded(folder);
  return { observation: await observe(twinProber(sandbox), plan) };
}

/** What the resource of a cluster's observation is made from. */
export interface ClusterObservationInputs {
  kubeconfig: string;
  image: string;
  internet?: string;
  plan: LabPlan;
  /** Changes when the cluster or its pod network changes. */
  revision: string;
  /** The lab folder of node containers. Absent on other machines. */
  folder?: string;
}

/** As {@link ObservationOutputs}. `problem`: why nothing could be measured. */
export interface ClusterObservationOutputs extends ObservationOutputs {
  problem?: string;
}

/**
 * Measures a cluster as {@link observation} measures a twin. Its removal removes the study's pods. A cluster that cannot be
 * measured, for example because no node can pull the image, is no error: the lab is up.
 */
export const clusterObservation: DynamicProvider<ClusterObservationInputs, ClusterObservationOutputs> = {
  create: measureCluster,
  changed: async ({ image, internet, plan, revision }, recorded) =>
    !recorded.observation?.agrees ||
    !isDeepStrictEqual([image, internet, revision], [recorded.image, recorded.internet, recorded.revision]) ||
    !isDeepStrictEqual(plan, recorded.plan),
  update: measureCluster,
  remove: async ({ kubeconfig }) => {
    // A cluster that does not answer any more has no use of its pods either.
    await cluster()
      .cleanUp(kubeconfig)
      .catch(() => {});
  },
};

const cluster = () => require("./cluster") as typeof import("./cluster");

async function measureCluster(inputs: ClusterObservationInputs): Promise<ClusterObservationOutputs> {
  const { kubeconfig, image, internet, plan, folder } = inputs;
  const say = (sentence: string) => void process.stderr.write(`${sentence}\n`);
  try {
    const forget = folder === undefined ? undefined : () => forgetConnections(folder);
    return {
      observation: await observe(cluster().clusterProber({ kubeconfig, image, internet, forget, say }), plan),
    };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}
