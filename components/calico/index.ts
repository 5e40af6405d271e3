/** Public API of Calico: a pod network in the mode of the plan, for a cluster that has none. */
import type { LabConfig } from "../config";
import { hasCalico, type LabPlan } from "../plan";
import { findArchives } from "./archives";
import { type CalicoSources, readSources } from "./sources";

export { Calico, type CalicoArgs } from "./calico";
export type { PodNetwork } from "./interface";
export { createPodNetwork, type PodNetworkArgs } from "./pod-network";
export type { CalicoSources } from "./sources";
export { StaticRoutes, type StaticRoutesArgs } from "./static-routes";

/**
 * Reads what Calico is installed from, before anything is built; undefined if the lab has no Calico.
 * @param archive another archive of images that every node imports.
 * @throws {ConfigError} when the manifest or an archive cannot be read, or the manifest is not Calico's.
 */
export async function planCalico(
  config: LabConfig,
  plan: LabPlan,
  archive?: string,
): Promise<CalicoSources | undefined> {
  if (!hasCalico(config)) return undefined;
  const sources = await readSources(config, plan);
  return archive
    ? { ...sources, archives: [...sources.archives, ...findArchives({ images: [archive] })] }
    : sources;
}
