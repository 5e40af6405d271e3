/** The stack files, stacks/Pulumi.<stack>.yaml: which there are, what they contain, and what the engine adds. */
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { ConfigError, parseStackConfig } from "../../components/config";
import { type LabPlan, planLab } from "../../components/plan";
import type { StackConfig } from "./config-path";
import { BAD_USAGE, badUsage, Failure } from "./failure";

const FOLDER = path.resolve(__dirname, "../../stacks");
const NAME = /^Pulumi\.(.+)\.yaml$/;

/** The content of a stack's file. */
export interface StackFile {
  stack: string;
  /** Path from the checkout: `stacks/Pulumi.local.yaml`. */
  name: string;
  /** Without the secret values: only the engine can read those. */
  config: StackConfig;
  /** Keys of the secret values. */
  secrets: string[];
}

/** The last part of a stack's name, which its file has too: a backend may call it `organisation/project/stack`. */
export const baseName = (stack: string): string => stack.slice(stack.lastIndexOf("/") + 1);

const pathOf = (stack: string): string => path.join(FOLDER, `Pulumi.${baseName(stack)}.yaml`);

/** Every stack that has a file, `local` first and L2 before L10. */
export function stackNames(): string[] {
  const names = fs.readdirSync(FOLDER).flatMap((file) => NAME.exec(file)?.[1] ?? []);
  const rank = (name: string) => (name === "local" ? 0 : 1);
  return names.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b, "en", { numeric: true }));
}

/** What a stack's file says about itself: the sentences that end on its first line, after the line for editors. */
export function firstComment(stack: string): string {
  const line = readText(stack)?.match(/^(?:# yaml-language-server:.*\n)?\s*#\s*(.*)/)?.[1] ?? "";
  return (line.match(/^.*\.(?=\s|$)/)?.[0] ?? line).replace(`${stack}: `, "");
}

/** Reads a stack's file. @throws {Failure} when there is none, or it is not YAML. */
export function readStackFile(stack: string): StackFile {
  const text = readText(stack);
  if (text === undefined) {
    throw badUsage(
      `There is no stack "${stack}": stacks/Pulumi.${baseName(stack)}.yaml does not exist. There are: ${stackNames().join(", ")}.`,
    );
  }
  const name = path.join("stacks", path.basename(pathOf(stack)));
  const all = parseYaml(text, name);
  const secrets = Object.keys(all).filter((key) => holdsSecret(all[key]));
  const config = Object.fromEntries(Object.entries(all).filter(([key]) => !secrets.includes(key)));
  return { stack, name, config, secrets };
}

function parseYaml(text: string, name: string): StackConfig {
  let config: unknown;
  try {
    config = parse(text)?.config ?? {};
  } catch (error) {
    throw badUsage(`${name} is not YAML: ${(error as Error).message.trimEnd()}`);
  }
  if (typeof config === "object" && !Array.isArray(config)) return config as StackConfig;
  throw badUsage(
    `${name}: "config:" holds ${JSON.stringify(config)}; it must hold lines "encaplab:key: value".`,
  );
}

/** `secure: v1:…` is how the engine stores what `pulumi config set --secret` was given, at any depth. */
function holdsSecret(value: unknown): boolean {
  if (value === null || typeof value !== "object") return false;
  return "secure" in value || Object.values(value).some(holdsSecret);
}

/**
 * The plan of a stack's file, with other values where given.
 * @throws {Failure} when the config cannot be used, naming the file.
 */
export function planOf(file: StackFile, config: StackConfig = file.config): LabPlan {
  try {
    return planLab(parseStackConfig(config));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new Failure(`${file.name}: ${error.message}`, BAD_USAGE);
  }
}

/** As {@link planOf}, but undefined if the config cannot be judged without its secrets: the engine then checks it. */
export function planUnlessSecret(file: StackFile, config: StackConfig = file.config): LabPlan | undefined {
  try {
    return planOf(file, config);
  } catch (error) {
    if (file.secrets.length > 0 && error instanceof Failure) return undefined;
    throw error;
  }
}

/**
 * Removes what the engine adds to a stack's file in our own backend: the salt of a passphrase that protects nothing.
 * A file with secrets keeps it, or the secrets could not be read again.
 *
 * @param existed false when there was no file before the engine made one.
 */
export function leaveAsItWas(stack: string, existed: boolean): void {
  const text = readText(stack);
  if (text === undefined || /\bsecure:/.test(text)) return;
  const clean = withoutSalt(text);
  if (!existed && clean.trim() === "") fs.rmSync(pathOf(stack));
  else if (clean !== text) fs.writeFileSync(pathOf(stack), clean);
}

/** A stack file's text without the engine's salt. */
export const withoutSalt = (text: string): string => text.replace(/^encryptionsalt:.*(?:\n|$)/m, "");

/** Whether a stack has a file. */
export const hasFile = (stack: string): boolean => fs.existsSync(pathOf(stack));

function readText(stack: string): string | undefined {
  try {
    return fs.readFileSync(pathOf(stack), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw badUsage(`${pathOf(stack)} cannot be read: ${(error as Error).message}`);
  }
}
