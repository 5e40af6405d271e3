/** What measures a lab that is up, and what is deployed in it. */
import type { LabPlan } from "../../components/plan";
import { type Prober, studyImage, twinProber } from "../../components/study";
import { deploymentOf, incomplete, isEmpty, runningTwin, twinOf } from "./deployment";
import { readKubeconfig } from "./kubeconfig";
import { configOf } from "./lab-plan";
import { planOnMachines } from "./living-pods";
import { labConfig } from "./overlay";
import { say } from "./terminal";

/** A lab's prober, and the plan that it is held against. @throws {Failure} when the lab cannot be measured. */
export async function proberOf(stack: string): Promise<{ prober: Prober; plan: LabPlan }> {
  const deployed = deploymentOf(stack);
  const required = (plan: LabPlan | undefined): LabPlan => {
    if (plan) return plan;
    throw incomplete(stack);
  };
  if (isEmpty(deployed) || twinOf(deployed)) {
    const { sandbox, plan } = runningTwin(stack);
    return { prober: twinProber(sandbox), plan: required(plan) };
  }
  const lab = labConfig(stack);
  const plan = required(planOnMachines(lab, deployed));
  const kubeconfig = await readKubeconfig(stack);
  const { clusterProber } = cluster();
  const { study = {} } = configOf(lab.file, lab.config);
  const { image } = studyImage(study);
  return { prober: clusterProber({ kubeconfig, image, internet: study.internet, say }), plan };
}

const cluster = () =>
  require("../../components/study/cluster") as typeof import("../../components/study/cluster");

/** Removes the study's pods from a lab's cluster, and says so. @returns the exit code. */
export async function cleanUpLab(stack: string): Promise<number> {
  if (twinOf(deploymentOf(stack))) {
    say("Nothing to remove: on the twin, the study's pods are a part of the lab.");
    return 0;
  }
  const removed = await cluster().cleanUp(await readKubeconfig(stack));
  say(
    removed
      ? "The study's pods are removed from the cluster."
      : "There are no pods of the study in the cluster.",
  );
  return 0;
}
