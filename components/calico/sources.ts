/** Everything that Calico is installed from. */
import * as pulumi from "@pulumi/pulumi";
import type { LabConfig } from "../config";
import type { LabPlan } from "../plan";
import { type Archive, findArchives } from "./archives";
import { editManifest } from "./manifest";
import { readManifest } from "./source";

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
  const edit = (text: string) => editManifest(text, plan, mtu !== undefined);
  const flaw = (text: string) => {
    try {
      edit(text);
      return undefined;
    } catch (error) {
      // Also what is no YAML: a login page, for example, that a proxy answers with.
      return `is not Calico's manifest: ${(error as Error).message.split("\n")[0]}; use calico.yaml of Calico ${plan.versions.calico}`;
    }
  };
  const say = (sentence: string) => void pulumi.log.info(sentence);
  return { manifest: edit(await readManifest(calico, plan, { flaw, say })), archives };
}
