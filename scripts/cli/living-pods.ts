/** What `switch` says about running pods. Calico sets a pod's MTU only when it creates the pod. */
import { judgeSwitch, type LabPlan } from "../../components/plan";
import { withChanges } from "./config-path";
import { type Deployment, outputsOf, twinOf } from "./deployment";
import { Failure } from "./failure";
import { planUnlessSecret } from "./lab-plan";
import type { LabConfig } from "./overlay";

/** How many pods are listed one by one. */
const LISTED = 10;

/**
 * The sentence about the pods that run during a switch; undefined where there is nothing to say: on the twin, on
 * machines without a cluster, and where the MTU stays the same.
 */
export function sayOfLivingPods(
  config: LabConfig,
  deployed: Deployment | undefined,
  wanted: LabPlan | undefined,
): string | undefined {
  if (!wanted || !outputsOf(deployed ?? {})?.kubeconfig || twinOf(deployed)) return undefined;
  const before = planOnMachines(config, deployed);
  return before && judgeSwitch(before, wanted)?.sentence;
}

/**
 * The plan of a lab on machines as it is deployed; undefined when that is unknown. The state has no plan, so it is made
 * from the lab's config, with the encapsulation and the faults of the stack outputs.
 */
export function planOnMachines(
  { file, config }: LabConfig,
  deployed: Deployment | undefined,
): LabPlan | undefined {
  const { encapsulation, faults = [] } = outputsOf(deployed ?? {}) ?? {};
  if (!encapsulation) return undefined;
  try {
    const changes = [
      { path: "encapsulation", value: encapsulation },
      { path: "faults", value: faults },
    ];
    return planUnlessSecret(file, withChanges(config, changes));
  } catch (error) {
    // The config has changed and does not fit what is deployed any more: say nothing.
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/**
 * Which pods to restart, and how.
 * @param pods as the program measured them on the nodes, each `namespace/name on node`.
 * @param command the command that restarts the study's own; undefined when that is already done.
 */
export function howToRestart(pods: readonly string[], command: string | undefined): string[] {
  if (pods.length === 0) return [];
  const more = pods.length > LISTED ? [`  … and ${pods.length - LISTED} more`] : [];
  const yours = "kubectl -n <namespace> rollout restart <kind>/<name>";
  return [
    "These pods keep their old MTU until they are restarted:",
    ...pods.slice(0, LISTED).map((pod) => `  ${pod}`),
    ...more,
    command
      ? `\`${command}\` restarts those of the study; for your own: \`${yours}\`.`
      : `They are your own: \`${yours}\` restarts them.`,
  ];
}

/** The pods that are not of these workloads (`kind namespace/name`). A pod has its workload's name and a suffix. */
export function podsOfOthers(pods: readonly string[], workloads: readonly string[]): string[] {
  const starts = workloads.map((workload) => `${workload.split(" ")[1]}-`);
  return pods.filter((pod) => !starts.some((start) => pod.startsWith(start)));
}
