/** What is wrong with a stack's config, in messages that name the key, the value given and what it must be. */

/** One value of the config that cannot be used. */
export interface Problem {
  /** The key, as in `pulumi config set --path <key>`, e.g. `topology[0].cidr`. */
  key: string;
  /** The value given; `undefined` when it is missing. */
  value: unknown;
  /** What is wrong and how to fix it, in one sentence. */
  message: string;
}

/** Maximum number of problems shown: a longer list helps no reader. */
const MAX_SHOWN = 20;
/** Longest key or value shown, in characters. */
const MAX_LENGTH = 200;

/**
 * The config cannot be used. Lists every problem found, not only the first.
 *
 * @example
 * ```ts
 * import { ConfigError, parseConfig } from "encaplab";
 *
 * try {
 *   parseConfig({ encapsulation: "GRE", mtu: 100 });
 * } catch (error) {
 *   if (!(error instanceof ConfigError)) throw error;
 *   for (const { key, message } of error.problems) console.error(`${key} ${message}`);
 * }
 * ```
 */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** Without the values of secret keys. */
  readonly problems: readonly Problem[];
  constructor(found: readonly Problem[]) {
    const problems = found.map((problem) => ({ ...problem, value: withoutSecrets(problem) }));
    const shown = problems.slice(0, MAX_SHOWN).map((problem) => `  - ${describe(problem)}`);
    if (problems.length > MAX_SHOWN) shown.push(`  - and ${problems.length - MAX_SHOWN} more`);
    super(`The stack's config cannot be used:\n${shown.join("\n")}`);
    this.problems = problems;
  }
}

/** Keys whose values are secret: never show them, even when they are wrong. Also as they are misspelt. */
const SECRET_KEY = /private.?key$|passw(or)?d$|passphrase$|secret$|token$|psk$/i;
/** A text that is a secret whatever its key is called. */
const SECRET_TEXT = /PRIVATE KEY|^\s*(b3BlbnNza|MII)[\w+/=\s]{40}/;
/** How deep a value that is shown may be nested. The config's own keys are at most five deep. */
const MAX_DEPTH = 20;
const NOT_SHOWN = "(not shown)";

/** The value of a problem without what is secret in it, at any depth. */
function withoutSecrets({ key, value }: Problem): unknown {
  if (SECRET_KEY.test(key) && value !== undefined) return NOT_SHOWN;
  try {
    return hide(value, 0);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

/** @throws {RangeError} for a loop, and for what is nested too deep to be shown. */
function hide(value: unknown, depth: number): unknown {
  if (typeof value === "string") return SECRET_TEXT.test(value) ? NOT_SHOWN : value;
  if (value === null || typeof value !== "object") return value;
  if (depth > MAX_DEPTH) throw new RangeError("too deep");
  if (Array.isArray(value)) return value.map((element) => hide(element, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      SECRET_KEY.test(key) ? NOT_SHOWN : hide(inner, depth + 1),
    ]),
  );
}

/** Whether a value stands in for the one given, and so has no quotes. */
const isStandIn = (value: unknown): boolean =>
  value === NOT_SHOWN || (typeof value === "string" && /^\[object \w+\]$/.test(value));

const describe = ({ key, value, message }: Problem): string =>
  `encaplab:${cut(key)} is ${isStandIn(value) ? value : cut(show(value))}: ${message}`;

const cut = (text: string): string => (text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text);

/** JSON where possible. A config may hold what JSON cannot express, such as NaN. */
function show(value: unknown): string {
  if (value === undefined) return "(not set)";
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

/** A path as `pulumi config set --path` takes it: `topology[0].cidr`, or `aws["odd key"]` if the key needs quotes. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((at, step) => {
    if (typeof step === "number") return `${at}[${step}]`;
    const word = String(step);
    if (!/^[\p{L}\p{N}_$-]+$/u.test(word)) return `${at}[${JSON.stringify(word)}]`;
    return at === "" ? word : `${at}.${word}`;
  }, "");
}
