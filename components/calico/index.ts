/** Calico's door: a pod network in the mode of the plan, on a cluster that has none. */
import type { LabConfig } from "../config";
import { hasCalico, type LabPlan } from "../plan";
import { editManifest, NotCalico } from "./manifest";
import { problem, readManifest } from "./source";

export { Calico, type CalicoArgs } from "./calico";

/**
 * Calico's manifest as the plan wants it; undefined where the lab shall have no Calico.
 * @throws {ConfigError} when it cannot be had, or is not Calico's: before anything is built.
 */
export async function planCalico(config: LabConfig, plan: LabPlan): Promise<string | undefined> {
  if (!hasCalico(config)) return undefined;
  const { calico = {}, mtu } = config;
  const text = await readManifest(calico, plan);
  try {
    return editManifest(text, plan, mtu !== undefined);
  } catch (error) {
    if (!(error instanceof NotCalico)) throw error;
    throw problem("manifest", calico.manifest, `${error.message}; allowed is Calico's own calico.yaml`);
  }
}
