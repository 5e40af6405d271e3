/**
 * Dynamic providers that work over SSH from this machine: the wait for a login, the bootstrap tokens, and the reset of a
 * machine that stays after the lab.
 */
import { randomInt } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { execute, type Patience, type Target, waitForSsh } from "../remote";
import type { DynamicProvider } from "../remote/dynamic";
import { shellCommand, stepScript } from "./steps";

/** The engine shows what a provider's process writes to its standard error while it runs. */
const say = (line: string) => process.stderr.write(`${line}\n`);

interface Waiting {
  name: string;
  machine: string;
  target: Target;
  limit: number;
}

/** Waits until you can log in to a node. */
export const reachable: DynamicProvider<Waiting, object> = {
  create: wait,
  changed: async ({ machine, target }, recorded) =>
    machine !== recorded.machine || !isDeepStrictEqual(target, recorded.target),
  update: wait,
  remove: async () => {},
};

async function wait({ name, target, limit }: Waiting): Promise<object> {
  await waitForSsh(target, limit, (sentence) => say(`${name}: ${sentence}`));
  return {};
}

interface TokensInputs {
  controlPlane: string;
  target: Target;
  /** What identifies each worker's machine, by the worker's name. */
  workers: Record<string, string>;
  cluster: string;
}

/** `until`: when the tokens expire, as an ISO 8601 time. */
interface TokensOutputs {
  tokens: Record<string, string>;
  until: string;
}

/** Time limit of a question to the control plane, in milliseconds: kubectl itself gives up earlier. */
const BRIEF = { limit: 3 * 60_000 };

/** How many minutes `scripts/node/token.sh` lets a token live. */
const LIFETIME = 15;

/** Bootstrap tokens for the workers, issued again when they have expired and a worker is missing in the cluster. */
export const bootstrapTokens: DynamicProvider<TokensInputs, TokensOutputs> = {
  create: (inputs) => issueTokens(inputs, {}),
  changed: async (inputs, recorded) =>
    !isDeepStrictEqual([inputs.workers, inputs.cluster], [recorded.workers, recorded.cluster]) ||
    // While the tokens are valid, do not ask the control plane.
    (Date.now() > Date.parse(recorded.until) && (await isAnyMissing(inputs))),
  update: (inputs, recorded) => issueTokens(inputs, recorded.tokens),
  // The tokens expire by themselves.
  remove: async () => {},
};

async function issueTokens(inputs: TokensInputs, before: Record<string, string>): Promise<TokensOutputs> {
  const names = Object.keys(inputs.workers);
  const tokens = Object.fromEntries(names.map((name) => [name, before[name] ?? newToken()]));
  const until = new Date(Date.now() + LIFETIME * 60_000).toISOString();
  // Single-node cluster: no bootstrap tokens needed.
  if (names.length === 0) return { tokens, until };
  const script = stepScript("token", {
    NODE_NAME: inputs.controlPlane,
    TOKENS: Object.values(tokens).join("\n"),
    MINUTES: String(LIFETIME),
  });
  const { code, stderr } = await execute(
    inputs.target,
    shellCommand(inputs.target.user, "create"),
    script,
    BRIEF,
  );
  if (code !== 0)
    throw new Error(
      `${inputs.controlPlane} did not accept the bootstrap tokens (exit ${code}):\n${stderr.trim()}`,
    );
  return { tokens, until };
}

/** False if the control plane cannot be asked: change nothing, and let the steps that need it report the error. */
async function isAnyMissing({ controlPlane, target, workers }: TokensInputs): Promise<boolean> {
  const script = stepScript("members", { NODE_NAME: controlPlane });
  const command = shellCommand(target.user, "create");
  const answer = await execute(target, command, script, BRIEF).catch(() => undefined);
  if (answer?.code !== 0) return false;
  const members = answer.stdout.split(/\s+/);
  return Object.keys(workers).some((name) => !members.includes(name));
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
const word = (length: number) => Array.from({ length }, () => LETTERS[randomInt(LETTERS.length)]).join("");

/** A token in the form that kubeadm requires: `[a-z0-9]{6}.[a-z0-9]{16}`. */
const newToken = () => `${word(6)}.${word(16)}`;

/** Which machine to reset, and how to reach it. */
interface ResetInputs {
  /** The machine's name in messages. */
  name: string;
  target: Target;
  podCidr: string;
  /** The step whose delete resets it. Absent for a node: `reset`. */
  step?: "router";
}

/** How a reset waits: it drains nothing, and removes packages at most. */
const RESET: ResetPatience = { login: 20, limit: 15 * 60_000 };

/** How {@link resetHost} waits for a machine. */
interface ResetPatience extends Patience {
  /** Seconds in which a machine must answer before it is taken for dead and not cleaned. */
  login: number;
}

/**
 * Undoes what the lab did on a machine. One that does not answer is named and left as it is: a machine that is gone must not
 * keep you from destroying the rest.
 * @throws {Error} when the machine stops answering while it is cleaned, or cannot be cleaned.
 */
export async function resetHost(
  { name, target, podCidr, step }: ResetInputs,
  patience: ResetPatience = RESET,
  tell: (line: string) => void = say,
): Promise<void> {
  try {
    await waitForSsh(target, patience.login, (line) => tell(`${name}: ${line}`));
  } catch (error) {
    tell(`${name}: NOT CLEANED, because login failed: ${(error as Error).message}`);
    return;
  }
  const script = stepScript(step ?? "reset", { NODE_NAME: name, POD_CIDR: podCidr });
  const again = "fix the cause and destroy again; a machine that is gone by then is left as it is";
  const { code, stderr } = await execute(target, shellCommand(target.user, "delete"), script, patience).catch(
    (error: Error) => {
      throw new Error(`${name} could not be cleaned: ${error.message}; ${again}`);
    },
  );
  if (code !== 0) {
    const last = stderr.trim().split("\n").slice(-15).join("\n");
    throw new Error(`${name} could not be cleaned (exit ${code}); fix the cause and destroy again:\n${last}`);
  }
}

/**
 * The lab's use of a machine. Its creation does not touch the machine. It is recorded before anything else touches the
 * machine, so that a destroy also undoes what an interrupted `up` left there. A Command would keep you from destroying the
 * rest: its delete fails when it cannot log in, and waits without end for a machine that is frozen.
 */
export const hostReset: DynamicProvider<ResetInputs, object> = {
  create: async () => ({}),
  changed: async ({ name, target, podCidr }, recorded) =>
    !isDeepStrictEqual([name, target, podCidr], [recorded.name, recorded.target, recorded.podCidr]),
  update: async () => ({}),
  remove: (inputs) => resetHost(inputs),
};
