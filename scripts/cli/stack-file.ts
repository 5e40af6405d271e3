/** The stack files, stacks/Pulumi.<stack>.yaml: which there are, and what they contain. Only the user changes what they say. */
import * as fs from "node:fs";
import * as path from "node:path";
import { PROJECT } from "../../components/config";
import type { StackConfig } from "./config-path";
import { readAsEngine, textOf, YamlProblem } from "./engine-yaml";
import { badUsage } from "./failure";
import { sameWord, suggestion } from "./spelling";

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
  /** The whole file, with the secret values and what the engine keeps beside `config`, such as its salt. */
  content: { config: StackConfig; [key: string]: unknown };
}

/** The last part of a stack's name, which its file has too: a backend may call it `organisation/project/stack`. */
export const baseName = (stack: string): string => stack.slice(stack.lastIndexOf("/") + 1);

/** The file of a stack. */
export const pathOf = (stack: string): string => path.join(FOLDER, `Pulumi.${baseName(stack)}.yaml`);

/** Every stack that has a file, `local` first and L2 before L10. */
export function stackNames(): string[] {
  const names = fs.readdirSync(FOLDER).flatMap((file) => NAME.exec(file)?.[1] ?? []);
  const rank = (name: string) => (name === "local" ? 0 : 1);
  return names.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b, "en", { numeric: true }));
}

/** A stack's name in the spelling of its file: `l9` is L9. A name that no file has is returned as it is. */
export const spelledAsFile = (stack: string): string => sameWord(stack, stackNames()) ?? stack;

/** What a stack's file says about itself: the sentences that end on its first line, after the line for editors. */
export function firstComment(stack: string): string {
  const line =
    readBytes(stack)
      ?.toString()
      .match(/^(?:# yaml-language-server:.*\n)?\s*#\s*(.*)/)?.[1] ?? "";
  return (line.match(/^.*\.(?=\s|$)/)?.[0] ?? line).replace(`${stack}: `, "");
}

/** Reads a stack's file as the engine does. @throws {Failure} when there is none, or the engine would read it otherwise. */
export function readStackFile(stack: string): StackFile {
  const bytes = readBytes(stack);
  if (bytes === undefined) {
    throw badUsage(
      `There is no stack "${stack}": stacks/Pulumi.${baseName(stack)}.yaml does not exist. There are: ${stackNames().join(", ")}.${suggestion(baseName(stack), stackNames())}`,
    );
  }
  const name = path.join("stacks", path.basename(pathOf(stack)));
  const content = contentOf(bytes, name);
  const secrets = Object.keys(content.config).filter((key) => holdsSecret(content.config[key]));
  const open = Object.entries(content.config).filter(([key]) => !secrets.includes(key));
  return { stack, name, config: Object.fromEntries(open), secrets, content };
}

function contentOf(bytes: Buffer, name: string): StackFile["content"] {
  let content: unknown;
  try {
    content = readAsEngine(textOf(bytes)) ?? {};
  } catch (error) {
    if (!(error instanceof YamlProblem)) throw error;
    throw badUsage(`${name}${error.message.startsWith("line") ? "," : ""} ${error.message}.`);
  }
  if (!isSection(content)) throw badUsage(`${name} is not a stack file: it must hold a section "config:".`);
  const config = content.config ?? {};
  if (isSection(config)) return { ...content, config: withNamespace(config, name) };
  throw badUsage(
    `${name}: "config:" holds ${JSON.stringify(config)}; it must hold lines "encaplab:key: value".`,
  );
}

const isSection = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The engine takes a key without a namespace for one of the project's. */
function withNamespace(config: Record<string, unknown>, name: string): StackConfig {
  const full: StackConfig = {};
  for (const [key, value] of Object.entries(config)) {
    const long = key.includes(":") ? key : `${PROJECT}:${key}`;
    if (long.split(":").length > 2)
      throw badUsage(`${name}: "${key}" must be a namespace, a colon and a name, such as encaplab:cloud.`);
    if (Object.hasOwn(full, long))
      throw badUsage(`${name} has both ${key} and ${long}, which are one key: keep one.`);
    full[long] = value;
  }
  return full;
}

/** `secure: v1:…` is how the engine stores what `pulumi config set --secret` was given, at any depth. */
function holdsSecret(value: unknown): boolean {
  if (value === null || typeof value !== "object") return false;
  return "secure" in value || Object.values(value).some(holdsSecret);
}

/** Whether a stack has a file. */
export const hasFile = (stack: string): boolean => fs.existsSync(pathOf(stack));

/** Replaces texts in a stack's file and keeps all else, such as comments. A run that is killed leaves the old file or the new. */
export function replaceInStackFile(stack: string, texts: readonly (readonly [string, string])[]): void {
  const file = pathOf(stack);
  const draft = `${file}.${process.pid}`;
  const text = texts.reduce(
    (all, [old, now]) => all.replaceAll(old, () => now),
    fs.readFileSync(file, "utf8"),
  );
  fs.writeFileSync(draft, text, { mode: fs.statSync(file).mode });
  fs.renameSync(draft, file);
}

function readBytes(stack: string): Buffer | undefined {
  try {
    return fs.readFileSync(pathOf(stack));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw badUsage(`${pathOf(stack)} cannot be read: ${(error as Error).message}`);
  }
}
