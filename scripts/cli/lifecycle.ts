/** The commands up, switch and down. Each is one call of the engine, with what must be done before and after it. */
import type { LabPlan } from "../../components/plan";
import { ownFolder } from "./backend";
import { withChanges } from "./config-path";
import {
  type Deployment,
  deploymentOf,
  forgetInterrupted,
  isEmpty,
  isOnThisMachine,
  outputsOf,
} from "./deployment";
import { runEngine, tellEngine } from "./engine";
import { say } from "./failure";
import { howToRestart, podsOfOthers, sayOfLivingPods } from "./living-pods";
import { liftDeadLocks } from "./lock";
import type * as restart from "./restart-pods";
import { hasFile, leaveAsItWas, planUnlessSecret, readStackFile } from "./stack-file";

/** A lab that costs nothing needs no preview and no question. */
const UNASKED = ["--yes", "--skip-preview", "--suppress-outputs"];

/** Brings a stack's lab up, or to its changed config. Returns the engine's exit code. */
export async function up(stack: string, yes = false): Promise<number> {
  return deploy(stack, planUnlessSecret(readStackFile(stack)), { yes });
}

/** Options of a switch. */
interface SwitchOptions {
  /** Answer yes to the engine's question. */
  yes?: boolean;
  /** Restart the study's pods of a cluster afterwards, so that they get the new MTU. */
  restartPods?: boolean;
}

/**
 * Switches a lab to another encapsulation and saves that in the stack's file, as `pulumi config set` would. Returns the
 * engine's exit code.
 */
export async function switchTo(
  stack: string,
  encapsulation: string,
  { yes = false, restartPods = false }: SwitchOptions = {},
): Promise<number> {
  const started = Date.now();
  const file = readStackFile(stack);
  const change = `encapsulation=${encapsulation}`;
  const plan = planUnlessSecret(file, withChanges(file.config, [change]));
  const announce = (deployed: Deployment | undefined) => {
    const sentence = sayOfLivingPods(file, deployed, plan);
    if (sentence) say(sentence);
  };
  const status = await deploy(stack, plan, { yes, more: ["--config", change], announce });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  if (status !== 0) return status;
  say(`${stack} runs ${encapsulation} (${seconds} s).`);
  if (!plan?.onTwin) await tendPods(stack, encapsulation, restartPods);
  else if (restartPods) say("Nothing to restart: on the twin, pods already have the new MTU.");
  return status;
}

/** After a switch on machines: says which pods keep their old MTU, and restarts those of the study if asked to. */
async function tendPods(stack: string, encapsulation: string, restartThem: boolean): Promise<void> {
  const { kubeconfig, podsToRestart: measured } = outputsOf(deploymentOf(stack) ?? {}) ?? {};
  // Output of a secret connection is an encrypted object here, unless the program says that it is not secret.
  const podsToRestart = Array.isArray(measured) ? measured : [];
  if (!restartThem) {
    const command = `npm run lab -- switch ${encapsulation} --stack ${stack} --restart-pods`;
    for (const line of howToRestart(podsToRestart, command)) say(line);
  } else if (!kubeconfig) {
    say("Nothing to restart: there is no cluster on these machines.");
  } else {
    // The code to log in takes a moment to load, so load it only here.
    const { restartPods } = require("./restart-pods") as typeof restart;
    const { workloads } = await restartPods(stack);
    for (const line of howToRestart(podsOfOthers(podsToRestart, workloads), undefined)) say(line);
  }
}

interface DeployOptions {
  yes?: boolean;
  /** Further arguments of `pulumi up`. */
  more?: string[];
  /** Called with what is deployed, right before the engine starts. */
  announce?: (deployed: Deployment | undefined) => void;
}

async function deploy(
  stack: string,
  plan: LabPlan | undefined,
  { yes = false, more = [], announce = () => {} }: DeployOptions,
): Promise<number> {
  liftDeadLocks(stack);
  const deployed = deploymentOf(stack);
  announce(deployed);
  if (deployed) forgetInterrupted(stack, deployed);
  else tellEngine(["stack", "init", stack, "--no-select"]);
  // If a stack becomes a rehearsal, its machines, which cost money, are deleted: let the engine show that and ask.
  const unasked = plan?.onThisMachine && isOnThisMachine(deployed);
  return runEngine(["up", "--stack", stack, ...(unasked ? UNASKED : yes ? ["--yes"] : []), ...more]);
}

/**
 * Takes a lab down, whatever state it is in. Returns the engine's exit code.
 *
 * The stack itself stays, empty, in the state folder, so that the next `up` need not start the engine to create it.
 */
export async function down(stack: string, yes = false): Promise<number> {
  const existed = hasFile(stack);
  liftDeadLocks(stack);
  const deployed = deploymentOf(stack);
  if (!deployed || isEmpty(deployed)) {
    say(`Nothing to take down: the lab ${stack} is not up.`);
    if (ownFolder()) leaveAsItWas(stack, existed);
    return 0;
  }
  forgetInterrupted(stack, deployed);
  const answer = isOnThisMachine(deployed) ? UNASKED : yes ? ["--yes"] : [];
  const status = await runEngine(["destroy", "--stack", stack, ...answer]);
  if (status === 0 && ownFolder()) leaveAsItWas(stack, existed);
  return status;
}
