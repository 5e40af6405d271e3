/** Restarts the study's pods of a cluster, so that they get the MTU that Calico gives now. Never the user's own pods. */
import { shellCommand, stepScript } from "../../components/cluster/steps";
import { execute } from "../../components/remote";
import { deploymentOf, outputsOf } from "./deployment";
import { Failure } from "./failure";
import { targetOf } from "./remote-shell";
import { say } from "./terminal";

/** The label of the study's workloads, or of their namespaces. */
const STUDY_LABEL = "app.kubernetes.io/part-of=encaplab-study";

/** Time limit, in milliseconds: the step itself waits ten minutes for the new pods of a workload. */
const LIMIT = 30 * 60_000;

/** What the step on the control plane did. */
export interface Restarted {
  /** Workloads whose pods were restarted, as `kind namespace/name`. */
  workloads: string[];
  /** Pods without an owner, as `namespace/name`. They were left alone, because nothing would create them again. */
  bare: string[];
}

/**
 * Restarts the study's DaemonSets, Deployments and StatefulSets, waits for their new pods, and says what it did.
 * @throws {Failure} when the control plane cannot be reached, or the pods do not come up in time.
 */
export async function restartPods(stack: string): Promise<Restarted> {
  const nodes = outputsOf(deploymentOf(stack) ?? {})?.nodes ?? [];
  const controlPlane = nodes.find(({ role }) => role === "control-plane")?.name;
  if (!controlPlane)
    throw new Failure(`The lab ${stack} has no control plane whose pods could be restarted.`, 1);
  const target = targetOf(stack, controlPlane);
  say("Restarting the study's pods, which takes about a minute.");
  const script = stepScript("restart-pods", { LABEL: STUDY_LABEL });
  const answer = await execute(target, shellCommand(target.user, "create"), script, { limit: LIMIT }).catch(
    (error: Error) => {
      throw new Failure(`The study's pods were not restarted: ${error.message}`, 1);
    },
  );
  if (answer.code !== 0) {
    throw new Failure(
      `The study's pods were not restarted. ${controlPlane} says:\n${answer.stderr.trim()}`,
      1,
    );
  }
  const restarted = readRestarted(answer.stdout);
  for (const sentence of describeRestarted(restarted)) say(sentence);
  return restarted;
}

/** Reads the result of `scripts/node/restart-pods.sh`. */
export function readRestarted(result: string): Restarted {
  const named = (start: string) =>
    result.split("\n").flatMap((line) => (line.startsWith(start) ? [line.slice(start.length).trim()] : []));
  return { workloads: named("restarted "), bare: named("bare pod ") };
}

/** What was done, in sentences for the user. */
export function describeRestarted({ workloads, bare }: Restarted): string[] {
  return [
    workloads.length > 0
      ? `Restarted: ${workloads.join(", ")}.`
      : `Nothing was restarted: no DaemonSet, Deployment or StatefulSet carries the label ${STUDY_LABEL}.`,
    ...(bare.length > 0
      ? [
          `Left alone, because nothing would create them again: ${bare.join(", ")}. Delete and create them yourself.`,
        ]
      : []),
  ];
}
