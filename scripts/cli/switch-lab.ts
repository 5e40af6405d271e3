/** Switches a running lab to another encapsulation, and shows what that changed. */
import { findSandbox } from "../../components/infrastructure/twin/sandbox";
import { judge, type PathVerdict } from "../../components/plan";
import { formatChange } from "../../components/study";
import type { LabOptions } from "./command";
import { deploy, type Run } from "./deploy";
import { type Deployment, deploymentOf, isEmpty, observationOf, outputsOf, twinOf } from "./deployment";
import { DISAGREES } from "./failure";
import { typed } from "./invocation";
import { changedSentence } from "./lab-changes";
import { planUnlessSecret } from "./lab-plan";
import { howToRestart, planOnMachines, podsOfOthers, sayOfLivingPods } from "./living-pods";
import { disagreement } from "./outcome";
import { type LabConfig, labConfig } from "./overlay";
import { sayOfSandbox } from "./sandbox-move";
import { NOTHING_CHANGED, print, say, widthOf } from "./terminal";

/** Whether a lab is up, with living processes if it is a twin. */
export function isRunning(stack: string): boolean {
  const deployed = deploymentOf(stack);
  const twin = twinOf(deployed);
  return twin ? findSandbox(twin.folder) !== undefined : !isEmpty(deployed);
}

/**
 * Switches the lab and returns the engine's exit code, or that of a disagreement. The change is kept for the lab, not in
 * the stack's file.
 */
export async function switchLab(
  stack: string,
  encapsulation: string,
  { yes, verbose, restartPods = false }: LabOptions & { restartPods?: boolean },
): Promise<number> {
  const before = labConfig(stack);
  const config = labConfig(stack, [{ path: "encapsulation", value: encapsulation }]);
  const plan = planUnlessSecret(config.file, config.config);
  const run = await deploy(config, plan, {
    yes,
    verbose,
    information: false,
    announce: (deployed) => {
      for (const sentence of [sayOfLivingPods(before, deployed, plan), sayOfSandbox(deployed, plan)])
        if (sentence) say(sentence);
    },
  });
  if (!run) {
    say(NOTHING_CHANGED);
    return 0;
  }
  if (run.status !== 0 && !run.disagrees) return run.status;
  report(config, before, run, encapsulation);
  if (!plan?.onTwin) await tendPods(stack, encapsulation, restartPods);
  else if (restartPods) say("Nothing to restart: on the twin, pods already have the new MTU.");
  return run.disagrees ? DISAGREES : 0;
}

function report(config: LabConfig, former: LabConfig, run: Run, encapsulation: string): void {
  const { stack } = config.file;
  const after = deploymentOf(stack);
  const changes = formatChange(
    { paths: pathsOf(former, run.before) },
    { paths: pathsOf(config, after) },
    { width: widthOf(process.stdout) },
  );
  const observation = observationOf(after);
  print(
    [
      changes,
      run.disagrees ? disagreement(stack) : [],
      observation?.agrees ? "Predicted and observed agree on every pair." : [],
      `${stack} runs ${encapsulation} (${run.seconds.toFixed(1)} s).`,
      changedSentence(config) ?? [],
    ]
      .flat()
      .join("\n"),
  );
}

/** The paths of a lab: as observed, else as predicted. */
function pathsOf(lab: LabConfig, deployed: Deployment | undefined): PathVerdict[] {
  const observed = observationOf(deployed)?.rows;
  const planned = observed ? undefined : planOnMachines(lab, deployed);
  return observed ?? (planned ? judge(planned).paths : []);
}

/** After a switch on machines: says which pods keep their old MTU, and restarts those of the study if asked to. */
async function tendPods(stack: string, encapsulation: string, restartThem: boolean): Promise<void> {
  const { kubeconfig, podsToRestart: measured } = outputsOf(deploymentOf(stack) ?? {}) ?? {};
  // Output of a secret connection is an encrypted object here, unless the program says that it is not secret.
  const podsToRestart = Array.isArray(measured) ? measured : [];
  if (!restartThem) {
    const command = typed(`switch ${encapsulation} --stack ${stack} --restart-pods`);
    for (const line of howToRestart(podsToRestart, command)) say(line);
  } else if (!kubeconfig) {
    say("Nothing to restart: there is no cluster on these machines.");
  } else {
    // The code to log in takes a moment to load, so load it only here.
    const { restartPods } = require("./restart-pods") as typeof import("./restart-pods");
    const { workloads } = await restartPods(stack);
    for (const line of howToRestart(podsOfOthers(podsToRestart, workloads), undefined)) say(line);
  }
}
