/** The life of what is done over SSH from here, as the dynamic provider calls it. */
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
  /** Their machines, by name. */
  workers: Record<string, string>;
  cluster: string;
}

/** `until`: when the tokens run out, as an ISO 8601 time. */
interface Admitted {
  tokens: Record<string, string>;
  until: string;
}

/** Minutes that `scripts/node/token.sh` gives a token. */
const LIFETIME = 15;

export const admission: Part<Admitting, Admitted> = {
  create: (inputs) => letIn(inputs, {}),
  changed: async (inputs, recorded) =>
    !isDeepStrictEqual([inputs.workers, inputs.cluster], [recorded.workers, recorded.cluster]) ||
    // While they are good nobody needs to ask.
    (Date.now() > Date.parse(recorded.until) && (await isAnyMissing(inputs))),
  update: (inputs, recorded) => letIn(inputs, recorded.tokens),
  // They run out by themselves.
  remove: async () => {},
};

async function letIn(inputs: Admitting, before: Record<string, string>): Promise<Admitted> {
  const names = Object.keys(inputs.workers);
  const tokens = Object.fromEntries(names.map((name) => [name, before[name] ?? newToken()]));
  const until = new Date(Date.now() + LIFETIME * 60_000).toISOString();
  // A control plane of its own: there is nobody to let in.
  if (names.length === 0) return { tokens, until };
  const script = stepScript("token", {
    NODE_NAME: inputs.leader,
    TOKENS: Object.values(tokens).join("\n"),
    MINUTES: String(LIFETIME),
  });
  const { code, stderr } = await execute(inputs.target, shellCommand(inputs.target.user, "create"), script);
  if (code !== 0) throw new Error(`${inputs.leader} let no token in (exit ${code}):\n${stderr.trim()}`);
  return { tokens, until };
}

/** A control plane that cannot be asked is no reason to change anything: what needs it will say so. */
async function isAnyMissing({ leader, target, workers }: Admitting): Promise<boolean> {
  const script = stepScript("members", { NODE_NAME: leader });
  const answer = await execute(target, shellCommand(target.user, "create"), script).catch(() => undefined);
  if (answer?.code !== 0) return false;
  const members = answer.stdout.split(/\s+/);
  return Object.keys(workers).some((name) => !members.includes(name));
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
const word = (length: number) => Array.from({ length }, () => LETTERS[randomInt(LETTERS.length)]).join("");

/** In the form that kubeadm asks for: `[a-z0-9]{6}.[a-z0-9]{16}`. */
const newToken = () => `${word(6)}.${word(16)}`;
