/** What measures a lab that is up, and what is deployed in it. */
import type { Sandbox } from "../../components/infrastructure/twin/sandbox";
import type { LabPlan } from "../../components/plan";
import { type Follower, type Prober, studyImage, twinFollower, twinProber } from "../../components/study";
import type { ClusterProberArgs } from "../../components/study/cluster";
import { containersOf, deploymentOf, incomplete, isEmpty, runningTwin, twinOf } from "./deployment";
import { Failure } from "./failure";
import { readKubeconfig } from "./kubeconfig";
import { configOf } from "./lab-plan";
import { planOnMachines } from "./living-pods";
import { labConfig } from "./overlay";
import { say } from "./terminal";

/** A lab's prober, and the plan that it is held against. @throws {Failure} when the lab cannot be measured. */
export async function proberOf(stack: string): Promise<{ prober: Prober; plan: LabPlan }> {
  const found = await measurable(stack);
  const { plan } = found;
  if ("sandbox" in found) return { prober: twinProber(found.sandbox), plan };
  return { prober: cluster().clusterProber(found.args), plan };
}

/** What follows traces through a lab. @throws {Failure} when nothing can be sent there. */
export async function followerOf(stack: string): Promise<Follower> {
  const found = await measurable(stack);
  if ("sandbox" in found) return twinFollower(found.sandbox, found.plan);
  return cluster().clusterFollower(found.args, found.plan);
}

/** The running twin, or how to measure the cluster, with the plan that is deployed there. */
async function measurable(
  stack: string,
): Promise<{ plan: LabPlan } & ({ sandbox: Sandbox } | { args: ClusterProberArgs })> {
  const deployed = deploymentOf(stack);
  const required = (plan: LabPlan | undefined): LabPlan => {
    if (plan) return plan;
    throw incomplete(stack);
  };
  if (isEmpty(deployed) || twinOf(deployed)) {
    const { sandbox, plan } = runningTwin(stack);
    return { sandbox, plan: required(plan) };
  }
  const lab = labConfig(stack);
  const plan = required(planOnMachines(lab, deployed));
  const kubeconfig = await readKubeconfig(stack);
  const { study = {} } = configOf(lab.file, lab.config);
  const { image } = studyImage(study);
  const folder = containersOf(deployed);
  const forget = folder === undefined ? undefined : () => forgetIn(folder);
  return { plan, args: { kubeconfig, image, internet: study.internet, forget, say } };
}

const forgetIn = (folder: string): Promise<void> => {
  const { forgetConnections } =
    require("../../components/infrastructure/hosts/containers/run") as typeof import("../../components/infrastructure/hosts/containers/run");
  return forgetConnections(folder).catch((error: Error) => {
    throw new Failure(error.message, 1);
  });
};

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
