/** Everything that Calico is installed from. */
import type { LabConfig } from "../config";
import type { LabPlan } from "../plan";
import { type Archive, findArchives } from "./archives";
import { editManifest, NotCalico } from "./manifest";
import { problem, readManifest } from "./source";

/** What Calico is installed from. */
export interface CalicoSources {
  /** Calico's manifest as {@link editManifest} left it. */
  manifest: string;
  /** Image archives that every node imports first; empty when the nodes pull the images themselves. */
  archives: readonly Archive[];
}

/** The part of the config that says what Calico is installed from. */
export type SourcesConfig = Partial<Pick<LabConfig, "calico" | "mtu">>;

/**
 * Reads what Calico is installed from.
 * @throws {ConfigError} when the manifest or an archive cannot be read, or the manifest is not Calico's.
 */
export async function readSources(
  { calico = {}, mtu }: SourcesConfig,
  plan: LabPlan,
): Promise<CalicoSources> {
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
