/** A lab's life: up, switch, down. Each is one call of the engine, and what has to be right before and after it. */
import type { LabPlan } from "../../components/plan";
import { ownFolder } from "./backend";
import { withChanges } from "./config-path";
import { deploymentOf, forgetInterrupted, isEmpty, isOnThisMachine } from "./deployment";
import { runEngine, tellEngine } from "./engine";
import { say } from "./failure";
import { liftDeadLocks } from "./lock";
import { hasFile, leaveAsItWas, planUnlessSecret, readStackFile } from "./stack-file";

/** What costs nothing needs no preview and no question. */
const UNASKED = ["--yes", "--skip-preview", "--suppress-outputs"];

/** Brings a stack's lab up, or to its changed config. Returns the engine's exit code. */
export async function up(stack: string, yes = false): Promise<number> {
  return deploy(stack, planUnlessSecret(readStackFile(stack)), yes, []);
}

/** Switches a lab to another encapsulation, which is saved in the stack's file as `pulumi config set` would. */
export async function switchTo(stack: string, encapsulation: string, yes = false): Promise<number> {
  const started = Date.now();
  const file = readStackFile(stack);
  const change = `encapsulation=${encapsulation}`;
  const plan = planUnlessSecret(file, withChanges(file.config, [change]));
  const status = await deploy(stack, plan, yes, ["--config", change]);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  if (status === 0) say(`${stack} runs ${encapsulation} (${seconds} s).`);
  return status;
}

async function deploy(
  stack: string,
  plan: LabPlan | undefined,
  yes: boolean,
  more: string[],
): Promise<number> {
  liftDeadLocks(stack);
  const deployed = deploymentOf(stack);
  if (deployed) forgetInterrupted(stack, deployed);
  else tellEngine(["stack", "init", stack, "--no-select"]);
  // Machines that cost money may go when their stack becomes a rehearsal: the engine then shows it and asks.
  const unasked = plan?.onThisMachine && isOnThisMachine(deployed);
  return runEngine(["up", "--stack", stack, ...(unasked ? UNASKED : yes ? ["--yes"] : []), ...more]);
}

/**
 * Takes a lab down, whatever state it is in. Returns the engine's exit code.
 *
 * The stack itself stays, empty, in the state folder: the next `up` then saves the start of the engine that makes it.
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
