/** Public API of Calico: a pod network in the mode of the plan, for a cluster that has none. */
import type { LabConfig } from "../config";
import { hasCalico, type LabPlan } from "../plan";
import { findArchives } from "./archives";
import type { CalicoSources } from "./calico";
import { editManifest, NotCalico } from "./manifest";
import { problem, readManifest } from "./source";

export { Calico, type CalicoArgs, type CalicoSources } from "./calico";
export { createPodNetwork, type PodNetwork, type PodNetworkArgs } from "./pod-network";
export { StaticRoutes, type StaticRoutesArgs } from "./static-routes";

/**
 * Reads what Calico is installed from, before anything is built; undefined if the lab has no Calico.
 * @throws {ConfigError} when the manifest or an archive cannot be read, or the manifest is not Calico's.
 */
export async function planCalico(config: LabConfig, plan: LabPlan): Promise<CalicoSources | undefined> {
  if (!hasCalico(config)) return undefined;
  const { calico = {}, mtu } = config;
  const archives = findArchives(calico);
  const text = await readManifest(calico, plan);
  try {
    return { manifest: editManifest(text, plan, mtu !== undefined), archives };
  } catch (error) {
    if (!(error instanceof NotCalico)) throw error;
    throw problem(
      "manifest",
      calico.manifest,
      `${error.message}; use calico.yaml of Calico ${plan.versions.calico}`,
    );
  }
}
