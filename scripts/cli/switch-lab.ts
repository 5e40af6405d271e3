/** Switches a running lab to another encapsulation, and shows what that changed. */
import { findSandbox } from "../../components/infrastructure/twin/sandbox";
import { canSwitch, cutOffBy, judge, type LabPlan, type PathVerdict, poolsText } from "../../components/plan";
import {
  describeFailure,
  failureGroups,
  floorOf,
  formatChange,
  formatWatched,
  type Watch,
  type Watched,
} from "../../components/study";
import type { LabOptions } from "./command";
import { confirmed } from "./confirmation";
import { deploy, type Run } from "./deploy";
import { type Deployment, deploymentOf, isEmpty, observationOf, outputsOf, twinOf } from "./deployment";
import { badUsage, DISAGREES } from "./failure";
import { typed } from "./invocation";
import { changedSentence } from "./lab-changes";
import { planUnlessSecret } from "./lab-plan";
import { howToRestart, planOnMachines, podsOfOthers, sayOfLivingPods } from "./living-pods";
import { disagreement } from "./outcome";
import { type LabConfig, labConfig } from "./overlay";
import { sayOfSandbox } from "./sandbox-move";
import { beginWatch } from "./switch-watch";
import { NOTHING_CHANGED, print, say, widthOf } from "./terminal";

/** How to switch. */
export interface SwitchOptions extends LabOptions {
  /** Restart the study's pods afterwards. */
  restartPods?: boolean;
  /** False: send no packets during the switch. */
  watch?: boolean;
}

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
  { yes, verbose, watch: watched = true, restartPods = false }: SwitchOptions,
): Promise<number> {
  const before = labConfig(stack);
  const config = labConfig(stack, [{ path: "encapsulation", value: encapsulation }]);
  const plan = planUnlessSecret(config.file, config.config);
  const deployed = planUnlessSecret(before.file, before.config);
  if (plan && !canSwitch(plan))
    throw badUsage(
      `Each of the IPPools of ${stack} names an encapsulation of its own (${poolsText(plan)}), so a switch to ${encapsulation} would change nothing. A pool without the key encapsulation follows the lab's, which \`switch\` changes; \`${typed(`up ${stack} --config ipPools[0].encapsulation=${encapsulation}`)}\` changes that of the first pool in the file.`,
    );
  if (deployed && plan && !(await mayCutOff(deployed, plan, encapsulation, { yes }))) {
    say(NOTHING_CHANGED);
    return 0;
  }
  let watch: Watch | undefined;
  let seen: Watched | undefined;
  let run: Run | undefined;
  try {
    run = await deploy(config, plan, {
      yes,
      verbose,
      information: false,
      announce: (running) => {
        for (const sentence of [sayOfLivingPods(before, running, plan), sayOfSandbox(running, plan)])
          if (sentence) say(sentence);
      },
      begin: async (running) => {
        if (watched) watch = await beginWatch(running, { before, after: config, wanted: plan });
      },
    });
  } finally {
    seen = await watch?.end();
  }
  if (!run) {
    say(NOTHING_CHANGED);
    return 0;
  }
  if (run.status !== 0 && !run.disagrees) return run.status;
  report(config, before, run, encapsulation);
  if (seen && deployed && plan) {
    const [from, to, at] = [deployed.encapsulation, plan.encapsulation, new Date().toISOString()];
    const floor = plan.onTwin || !plan.calico ? undefined : floorOf(deployed, to);
    print(formatWatched(seen, { width: widthOf(process.stdout), verbose, floor }));
    const { keepSwitch } = require("./switch-record") as typeof import("./switch-record");
    keepSwitch(stack, { from, to, at, watched: seen });
  }
  if (!plan?.onTwin) await tendPods(stack, encapsulation, restartPods);
  else if (restartPods) say("Nothing to restart: on the twin, pods already have the new MTU.");
  return run.disagrees ? DISAGREES : 0;
}

/** Says which paths a switch would cut off, and asks whether it may. */
async function mayCutOff(
  deployed: LabPlan,
  wanted: LabPlan,
  encapsulation: string,
  options: Pick<LabOptions, "yes">,
): Promise<boolean> {
  const groups = failureGroups(cutOffBy(deployed, wanted));
  if (groups.length === 0) return true;
  say(`${encapsulation} will cut off paths that work now:`);
  for (const group of groups) say(describeFailure(group, { width: widthOf(process.stderr) }));
  return confirmed(`Switch to ${encapsulation} all the same?`, "This switch cuts paths off", options);
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
