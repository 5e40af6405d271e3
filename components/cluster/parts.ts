/** The dynamic resources that work over SSH from this machine: the wait for a login, and the bootstrap tokens. */
import { randomInt } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { execute, type Part, shellCommand, stepScript, type Target, waitForSsh } from "../infrastructure";

/** The engine shows what a provider's process writes to its standard error while it runs. */
const say = (line: string) => process.stderr.write(`${line}\n`);

interface Waiting {
  name: string;
  machine: string;
  target: Target;
  limit: number;
}

/** Waits until you can log in to a node. */
export const reachable: Part<Waiting, object> = {
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

interface Admitting {
  leader: string;
  target: Target;
  /** What identifies each worker's machine, by the worker's name. */
  workers: Record<string, string>;
  cluster: string;
}

/** `until`: when the tokens expire, as an ISO 8601 time. */
interface Admitted {
  tokens: Record<string, string>;
  until: string;
}

/** How many minutes `scripts/node/token.sh` lets a token live. */
const LIFETIME = 15;

/** Bootstrap tokens for the workers, issued again when they have expired and a worker is missing in the cluster. */
export const admission: Part<Admitting, Admitted> = {
  create: (inputs) => letIn(inputs, {}),
  changed: async (inputs, recorded) =>
    !isDeepStrictEqual([inputs.workers, inputs.cluster], [recorded.workers, recorded.cluster]) ||
    // While the tokens are valid, do not ask the control plane.
    (Date.now() > Date.parse(recorded.until) && (await isAnyMissing(inputs))),
  update: (inputs, recorded) => letIn(inputs, recorded.tokens),
  // The tokens expire by themselves.
  remove: async () => {},
};

async function letIn(inputs: Admitting, before: Record<string, string>): Promise<Admitted> {
  const names = Object.keys(inputs.workers);
  const tokens = Object.fromEntries(names.map((name) => [name, before[name] ?? newToken()]));
  const until = new Date(Date.now() + LIFETIME * 60_000).toISOString();
  // Single-node cluster: no bootstrap tokens needed.
  if (names.length === 0) return { tokens, until };
  const script = stepScript("token", {
    NODE_NAME: inputs.leader,
    TOKENS: Object.values(tokens).join("\n"),
    MINUTES: String(LIFETIME),
  });
  const { code, stderr } = await execute(inputs.target, shellCommand(inputs.target.user, "create"), script);
  if (code !== 0)
    throw new Error(`${inputs.leader} did not accept the bootstrap tokens (exit ${code}):\n${stderr.trim()}`);
  return { tokens, until };
}

/** False if the control plane cannot be asked: change nothing, and let the steps that need it report the error. */
async function isAnyMissing({ leader, target, workers }: Admitting): Promise<boolean> {
  const script = stepScript("members", { NODE_NAME: leader });
  const answer = await execute(target, shellCommand(target.user, "create"), script).catch(() => undefined);
  if (answer?.code !== 0) return false;
  const members = answer.stdout.split(/\s+/);
  return Object.keys(workers).some((name) => !members.includes(name));
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
const word = (length: number) => Array.from({ length }, () => LETTERS[randomInt(LETTERS.length)]).join("");

/** A token in the form that kubeadm requires: `[a-z0-9]{6}.[a-z0-9]{16}`. */
const newToken = () => `${word(6)}.${word(16)}`;
