/** Changes to a stack's config as the user types them: `encapsulation=IPIP`, `topology[0].cidr=10.1.0.0/24`. Pure. */
import { readAsEngine } from "./engine-yaml";
import { badUsage } from "./failure";
import { encapsulationOf } from "./spelling";

/** The values under `config:` of a stack file, by full key (`encaplab:encapsulation`). */
export type StackConfig = Record<string, unknown>;

/** A value for the place in the config that a path names. */
export interface Change {
  /** In one spelling, without the namespace: `topology[0].cidr`. */
  path: string;
  value: unknown;
}

const OWN = "encaplab:";
const EXAMPLES = "use keys such as encapsulation, topology[0].cidr and aws.region";

/** A step is a name, an index in brackets, or text in brackets and quotes, as `pulumi config set --path` takes it. */
const STEP = /^(?:\.?([^.[\]"]+)|\[(\d{1,6})\]|\["((?:[^"\\]|\\.)*)"\])/;

/** The steps of a key's path. @throws {Failure} when it is not a path. */
export function parsePath(path: string): (string | number)[] {
  const steps: (string | number)[] = [];
  let rest = path;
  while (rest !== "") {
    const found = STEP.exec(rest);
    if (!found || (steps.length === 0 && rest.startsWith("."))) throw badKey(path);
    const [whole, word, index, quoted] = found;
    if (index !== undefined) steps.push(Number(index));
    else steps.push(word ?? (quoted as string).replace(/\\(.)/g, "$1"));
    rest = rest.slice(whole.length);
  }
  if (typeof steps[0] !== "string") throw badKey(path);
  return steps;
}

/** A path from its steps: the spelling in which equal paths are equal texts. */
function spell(steps: readonly (string | number)[]): string {
  return steps
    .map((step, i) => {
      if (typeof step === "number") return `[${step}]`;
      if (/[.[\]"\\]/.test(step)) return `["${step.replace(/["\\]/g, "\\$&")}"]`;
      return i === 0 ? step : `.${step}`;
    })
    .join("");
}

const badKey = (path: string) => badUsage(`--config: "${path}" is not a key; ${EXAMPLES}.`);

/**
 * A value as typed: text, or a list or section in JSON or YAML's flow style, as in a stack's file. A number alone stays
 * text: `1.30` is not 1.3.
 * @throws {Failure} when a list or section cannot be parsed.
 */
export function parseValue(value: string): unknown {
  if (!/^\s*[[{]/.test(value)) return value;
  try {
    return readAsEngine(value);
  } catch (error) {
    const why = (error as Error).message.split("\n")[0];
    throw badUsage(`--config: ${value} is neither JSON nor YAML (${why}); quote it for your shell.`);
  }
}

/** A change from `key=value`. @throws {Failure} when it is none, or its key or value cannot be read. */
export function parseChange(text: string): Change {
  const at = text.indexOf("=");
  if (at < 1) {
    throw badUsage(
      `--config takes key=value, for example encapsulation=IPIP; "${text}" has no "=" (name the stack before --config).`,
    );
  }
  const key = text.slice(0, at).trim();
  const path = spell(parsePath(key.startsWith(OWN) ? key.slice(OWN.length) : key));
  const value = parseValue(text.slice(at + 1));
  return {
    path,
    value: path === "encapsulation" && typeof value === "string" ? encapsulationOf(value) : value,
  };
}

/** A copy of the config with the changes, in their order. @throws {Failure} when a change does not fit the config. */
export function withChanges(config: Readonly<StackConfig>, changes: readonly Change[]): StackConfig {
  const changed = structuredClone(config) as StackConfig;
  for (const change of changes) setAt(changed, change);
  return changed;
}

/** The value at a path of the config; undefined where there is none. */
export function valueAt(config: Readonly<StackConfig>, path: string): unknown {
  let at: unknown = config;
  for (const step of stepsIn(path)) {
    if (at === null || typeof at !== "object") return undefined;
    at = decode((at as Record<string | number, unknown>)[step]);
  }
  return at;
}

/** Whether a path is the same as another one, or inside it: `topology[0].cidr` is inside `topology`. */
export function isWithin(path: string, outer: string): boolean {
  const steps = parsePath(path);
  return parsePath(outer).every((step, i) => step === steps[i]);
}

function stepsIn(path: string): (string | number)[] {
  const [first, ...rest] = parsePath(path);
  return [`${OWN}${first}`, ...rest];
}

function setAt(config: StackConfig, { path, value }: Change): void {
  const steps = stepsIn(path);
  let at: Record<string | number, unknown> = config;
  steps.forEach((step, i) => {
    checkStep(at, step, path);
    if (i === steps.length - 1) at[step] = value;
    // A key set by `pulumi config set` may hold its list as text.
    else at[step] = decode(at[step]) ?? (typeof steps[i + 1] === "number" ? [] : {});
    at = at[step] as Record<string | number, unknown>;
  });
}

function checkStep(at: unknown, step: string | number, key: string): void {
  if (at === null || typeof at !== "object") {
    throw badUsage(
      `--config: ${key} points into ${JSON.stringify(at)}, which is not a list or a section; ${EXAMPLES}.`,
    );
  }
  if (!Array.isArray(at)) {
    if (typeof step === "number" || step === "__proto__") throw badKey(key);
    return;
  }
  if (typeof step === "string" || step > at.length) {
    const last = `[0] to [${at.length}]`;
    throw badUsage(`--config: ${key} points into a list of ${at.length}; its index must be from ${last}.`);
  }
}

const decode = (value: unknown): unknown =>
  typeof value === "string" && /^\s*[[{]/.test(value) ? parseValue(value) : value;
