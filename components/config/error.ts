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
  constructor(readonly problems: readonly Problem[]) {
    const shown = problems.slice(0, MAX_SHOWN).map((problem) => `  - ${describe(problem)}`);
    if (problems.length > MAX_SHOWN) shown.push(`  - and ${problems.length - MAX_SHOWN} more`);
    super(`The stack's config cannot be used:\n${shown.join("\n")}`);
  }
}

/** Keys whose values are secret: never show them, even when they are wrong. */
const SECRET = /(^|\.)privateKey$/;

const describe = ({ key, value, message }: Problem): string =>
  `encaplab:${cut(key)} is ${SECRET.test(key) ? "(not shown)" : cut(show(value))}: ${message}`;

const cut = (text: string): string => (text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text);

/** JSON where possible. A config may hold what JSON cannot express: NaN, a loop, nesting deeper than the call stack. */
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
