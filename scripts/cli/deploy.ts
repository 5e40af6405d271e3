/** One run of the engine on a lab: up or destroy, with what must be done before and after it. */
import { cancelBoot } from "../../components/infrastructure/twin/sandbox";
import type { LabPlan } from "../../components/plan";
import { ONLY_HERE } from "../../components/remote/types";
import { ask, requireAnswer } from "./confirmation";
import {
  type Deployment,
  deploymentOf,
  disagreesSince,
  forgetInterrupted,
  isOnThisMachine,
  twinOf,
} from "./deployment";
import { askEngine, followEngine, runEngine } from "./engine";
import { parseEvent } from "./engine-events";
import { EngineFailed } from "./failure";
import { keepLabIds } from "./lab-ids";
import { lockedByAnother } from "./lock";
import { markEngine } from "./orphans";
import {
  engineContent,
  engineFile,
  keepWhatEngineWrote,
  type LabConfig,
  labConfig,
  saveLabConfig,
  writeEngineFile,
} from "./overlay";
import { pluginsFor, pluginsOf, requirePlugins } from "./plugins";
import { Progress } from "./progress";
import { type Reserve, reserve } from "./reserve";
import { prepareEngine, prepareEngineFor, prepareLab, toolsFor } from "./setup";
import { StepWatch } from "./step-watch";
import { say } from "./terminal";
import { whatStateMisses } from "./unknown-things";
import { liftDeadLocks } from "./unlock";
import { createStack } from "./workspace";

/** How to run the engine on a lab. */
export interface RunOptions {
  /** Answer yes to the question before machines are changed. */
  yes?: boolean;
  /** Show packets, routes, every resource and every message. */
  verbose?: boolean;
  /** Whether the program's information is shown: verdict and observation. */
  information?: boolean;
  /** Whether the program's warnings are shown, such as a path that fails. Default: yes. Errors always are. */
  warnings?: boolean;
  /** Show errors alone. */
  quiet?: boolean;
  /** Whether the config's changes are kept for the lab. Default: true. Without, the next `up` takes them back. */
  keep?: boolean;
  /** Whether the user has agreed to this run and more like it, so that none is shown beforehand. */
  agreed?: boolean;
  /** Called with what is deployed, before the engine starts. */
  announce?: (deployed: Deployment | undefined) => void;
  /** Called right before the engine changes anything, once the user has agreed. Waited for. */
  begin?: (deployed: Deployment | undefined) => Promise<void>;
}

/** A run, and whether the question was left out because everything is on this machine: the program then refuses all else. */
interface UnaskedOptions extends RunOptions {
  unasked?: boolean;
}

/** What a run did. */
export interface Run {
  /** The engine's exit code. */
  status: number;
  /** Whether the run failed only because what it measured is not what was predicted. The lab is up then. */
  disagrees: boolean;
  /** Whether anything was changed. */
  changed: boolean;
  /** What was deployed before. */
  before: Deployment | undefined;
  /** How long it took, in s. */
  seconds: number;
}

/** What the engine says when another run holds the lock (pulumi/pkg, backend/diy/lock.go). */
const LOCKED = /the stack is currently locked by \d+ lock/;

/** No question, no second display: what costs nothing needs no preview. */
const UNASKED = ["--yes", "--skip-preview", "--json", "--color", "never"];

/**
 * Brings a lab to its config, and saves the config's changes for the lab.
 * @returns undefined when the user has said no.
 */
export async function deploy(
  config: LabConfig,
  plan: LabPlan | undefined,
  options: RunOptions = {},
): Promise<Run | undefined> {
  const { stack } = config.file;
  await prepareEngine();
  await requirePlugins(pluginsFor(plan, config.config));
  await prepareLab(toolsFor(plan), options.yes);
  await liftDeadLocks(stack);
  const { MAX_NODES } = require("../../components/config") as typeof import("../../components/config");
  const held = reserve(stack, plan?.nodes.length ?? MAX_NODES);
  try {
    return await deployWithRoom(config, plan, options, held);
  } finally {
    held.release();
  }
}

async function deployWithRoom(
  given: LabConfig,
  plan: LabPlan | undefined,
  options: RunOptions,
  held: Reserve,
): Promise<Run | undefined> {
  const { stack } = given.file;
  // With another passphrase, the secrets in the stack's file are other texts.
  const config = (await prepareEngineFor(stack)) ? labConfig(stack, given.changes) : given;
  const before = deploymentOf(stack);
  options.announce?.(before);
  if (before) forgetInterrupted(stack, before);
  else createStack(stack, config.content);
  writeEngineFile(stack, config.content);
  if (before) await lookAtMachines(stack, before);
  // If a stack becomes a rehearsal, its machines, which cost money, are deleted: show that, and ask.
  const unasked = plan?.onThisMachine === true && !hidesItsCloud(config) && isOnThisMachine(before);
  const argv = argvOnLab(stack);
  const isAgreed = unasked || options.agreed === true;
  if (!isAgreed && !(await agreed(["preview", ...argv], `Change the lab ${stack} like that?`, options)))
    return undefined;
  if (options.keep !== false) saveLabConfig(config);
  held.check();
  await options.begin?.(before);
  return run(["up", ...argv], stack, before, { ...options, unasked });
}

/** Lets the engine read the machines and addresses of a cloud again, and says what is not as the state has it. */
async function lookAtMachines(stack: string, before: Deployment): Promise<void> {
  const { changesBetween, targetsOf } = require("./machines-look") as typeof import("./machines-look");
  const targets = targetsOf(before).flatMap((urn) => ["--target", urn]);
  if (targets.length === 0) return;
  const argv = ["refresh", ...argvOnLab(stack), "--yes", "--skip-preview", "--non-interactive", ...targets];
  const { status, stdout, stderr } = askEngine(argv);
  if (status !== 0) {
    process.stderr.write(stderr || stdout);
    throw new EngineFailed(status);
  }
  for (const change of changesBetween(before, deploymentOf(stack) ?? {})) say(change);
}

/**
 * Deletes everything that is deployed of a stack. The stack itself stays, empty, so that the next `up` need not start
 * the engine to create it.
 * @returns undefined when the user has said no.
 */
export async function destroy(
  stack: string,
  before: Deployment,
  options: RunOptions,
): Promise<Run | undefined> {
  await prepareEngine();
  await requirePlugins(pluginsOf(before));
  const held = reserve(stack, 0);
  try {
    return await destroyWithRoom(stack, before, options, held);
  } finally {
    held.release();
  }
}

async function destroyWithRoom(
  stack: string,
  before: Deployment,
  options: RunOptions,
  held: Reserve,
): Promise<Run | undefined> {
  await prepareEngineFor(stack);
  keepLabIds(stack, before);
  const unknown = await whatStateMisses(stack, before);
  writeEngineFile(stack, engineContent(stack));
  const argv = argvOnLab(stack);
  const preview = ["destroy", "--preview-only", ...argv];
  if (!isOnThisMachine(before) && !(await agreed(preview, `Take the lab ${stack} down?`, options)))
    return undefined;
  // Before the rest: a network that something unknown is in cannot be deleted.
  if (unknown && unknown.things.length > 0) await unknown.remove();
  forgetInterrupted(stack, before);
  held.check();
  return run(["destroy", ...argv], stack, before, options);
}

/** Whether a secret value, which only the engine can read, says where the lab is. */
const hidesItsCloud = ({ file }: LabConfig): boolean =>
  file.secrets.some((key) => /^encaplab:(cloud|rehearse|hosts)$/.test(key));

/** The engine's options for a lab: its stack, and the config file that is the lab's own. */
export const argvOnLab = (stack: string): string[] => ["--stack", stack, "--config-file", engineFile(stack)];

async function run(
  argv: string[],
  stack: string,
  before: Deployment | undefined,
  { verbose = false, information = true, warnings = true, quiet = false, unasked = false }: UnaskedOptions,
): Promise<Run> {
  const started = Date.now();
  if (unasked) process.env[ONLY_HERE] = "1";
  else delete process.env[ONLY_HERE];
  markEngine(stack);
  const progress = new Progress({ verbose, information, warnings, quiet }).start();
  const release = onInterrupt(() => cancelBootOf(stack));
  const stop = new AbortController();
  const watch = new StepWatch((sentence) => {
    say(sentence);
    stop.abort();
  });
  let isLocked = false;
  try {
    const take = (line: string, stream: "stdout" | "stderr") => {
      // The engine's own words for that are the lock's URL and five lines. They end its output.
      isLocked ||= LOCKED.test(line);
      if (isLocked) return;
      const error = { kind: "message", severity: "error", text: line, passing: false } as const;
      const event = stream === "stdout" ? parseEvent(line) : error;
      watch.take(event);
      progress.take(event);
    };
    const status = await followEngine([...argv, ...UNASKED], take, stop.signal);
    if (isLocked && status !== 0) throw lockedByAnother(stack);
    const disagrees = status !== 0 && disagreesSince(deploymentOf(stack), started);
    return { status, disagrees, changed: progress.changed, before, seconds: (Date.now() - started) / 1000 };
  } finally {
    release();
    watch.end();
    progress.end();
    keepWhatEngineWrote(stack);
    keepLabIds(stack, deploymentOf(stack));
  }
}

/** Calls back when the user interrupts. @returns a function that ends this. */
function onInterrupt(call: () => void): () => void {
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, call);
  return () => {
    for (const signal of signals) process.off(signal, call);
  };
}

/** Ends a machine that still boots: the engine waits for it, and does not pass the interruption on. */
function cancelBootOf(stack: string): void {
  const folder = twinOf(deploymentOf(stack))?.folder;
  if (folder) void cancelBoot(folder);
}

/** Shows what would change, and asks. @throws {Failure} without a terminal to ask on. */
async function agreed(preview: string[], question: string, options: RunOptions): Promise<boolean> {
  requireAnswer("This changes machines that are not on this computer", options);
  const status = await runEngine(preview);
  if (status !== 0) throw new EngineFailed(status);
  return options.yes === true || ask(question);
}
