/**
 * The passphrase of the secrets in our own backend. Until version 0.2 it was empty, so that everyone who could read a state
 * could read the keys of its machines: such a stack gets today's passphrase before the engine uses it.
 */
import { createDecipheriv, pbkdf2Sync } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { ownFolder, stateFile, stateHome } from "./backend";
import { askEngine } from "./engine";
import { Failure } from "./failure";
import { locksOf, mayLive } from "./lock";
import { engineContent, engineFile, keepWhatEngineWrote, writeEngineFile } from "./overlay";
import { hasFile, readStackFile, replaceInStackFile } from "./stack-file";
import { readState } from "./state-file";
import { say } from "./terminal";
import { projectFolder } from "./workspace";

/**
 * Gives a stack today's passphrase if its own is empty. A run that was killed while it did so is finished first.
 * @returns whether it did.
 * @throws {Failure} with the engine's message if that fails.
 */
export function migrateSecrets(stack: string): boolean {
  const folder = ownFolder();
  const phrase = passphrase();
  if (!folder || !phrase || !stateFile(folder, stack)) return false;
  const isFinished = finishKilledChange(folder, stack);
  const unknown = saltsOf(folder, stack).filter((salt) => !isKnown(salt));
  const isOld = unknown.some((salt) => opens("", salt));
  // Another run has loaded the state with the empty passphrase, and will write it.
  if (isOld && locksOf(folder, stack).some(mayLive)) {
    process.env.PULUMI_CONFIG_PASSPHRASE = "";
    return false;
  }
  if (isOld) changePassphrase(stack, phrase);
  remember(saltsOf(folder, stack));
  return isOld || isFinished;
}

/** Today's passphrase, as the engine finds it; undefined where it would ask. */
function passphrase(
  { PULUMI_CONFIG_PASSPHRASE, PULUMI_CONFIG_PASSPHRASE_FILE } = process.env,
): string | undefined {
  if (PULUMI_CONFIG_PASSPHRASE !== undefined) return PULUMI_CONFIG_PASSPHRASE;
  if (!PULUMI_CONFIG_PASSPHRASE_FILE) return undefined;
  try {
    return fs.readFileSync(PULUMI_CONFIG_PASSPHRASE_FILE, "utf8").trim();
  } catch (error) {
    throw new Failure(
      `The passphrase file cannot be read (PULUMI_CONFIG_PASSPHRASE_FILE): ${(error as Error).message}`,
      1,
    );
  }
}

/** The salts by which config and state of a stack are encrypted, each with a test text. */
const saltsOf = (folder: string, stack: string): string[] => [
  ...new Set([configSalt(stack), stateSalt(folder, stack)].filter((salt) => salt !== undefined)),
];

const configSalt = (stack: string): string | undefined => textAt(engineContent(stack), "encryptionsalt");

function stateSalt(folder: string, stack: string): string | undefined {
  const state = readState(folder, stack) as { secrets_providers?: { state?: object } } | undefined;
  return textAt(state?.secrets_providers?.state, "salt");
}

function textAt(section: object | undefined, key: string): string | undefined {
  const value = (section as Record<string, unknown> | undefined)?.[key];
  return typeof value === "string" ? value : undefined;
}

/**
 * Whether a passphrase is the one of a salt, `v1:<salt>:v1:<nonce>:<the text "pulumi", encrypted>` (pulumi/sdk, config/crypt.go
 * and secrets/passphrase/manager.go). Takes a third of a second.
 */
export function opens(phrase: string, salt: string): boolean {
  const [version, own = "", , nonce = "", text = ""] = salt.split(":");
  if (version !== "v1") return false;
  const bytes = (base64: string) => Buffer.from(base64, "base64");
  const sealed = bytes(text);
  try {
    const key = pbkdf2Sync(phrase, bytes(own), 1_000_000, 32, "sha256");
    const cipher = createDecipheriv("aes-256-gcm", key, bytes(nonce)).setAuthTag(sealed.subarray(-16));
    return Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()]).toString() === "pulumi";
  } catch {
    return false;
  }
}

/**
 * Lets the engine encrypt config and state anew. It writes the config's salt first, then the config, then the state, and a
 * kill in between leaves what no passphrase opens (pulumi/pkg, stack_change_secrets_provider.go). So it writes into a copy of
 * the config, which comes into place when the state is written: {@link finishKilledChange} does the same after a kill.
 */
function changePassphrase(stack: string, phrase: string): void {
  writeEngineFile(stack, engineContent(stack));
  const { PULUMI_CONFIG_PASSPHRASE: before } = process.env;
  process.env.PULUMI_CONFIG_PASSPHRASE = "";
  const argv = ["stack", "change-secrets-provider", "passphrase", "--stack", stack, "--non-interactive"];
  const { status, stdout, stderr } = askEngine(argv, `${phrase}\n`, projectFolder(stack));
  if (before === undefined) delete process.env.PULUMI_CONFIG_PASSPHRASE;
  else process.env.PULUMI_CONFIG_PASSPHRASE = before;
  if (status !== 0) {
    throw new Failure(
      `The secrets of ${stack} have an empty passphrase, and the engine cannot give them another: ${(stderr || stdout).trim()}`,
      1,
    );
  }
  publish(stack);
}

/**
 * Finishes what a killed run has begun: the state already has the salt of the engine's copy, the config has another.
 * @returns whether there was something to finish. Before the state is written, the old files still fit each other.
 */
function finishKilledChange(folder: string, stack: string): boolean {
  const file = engineFile(stack);
  const written = fs.existsSync(file) ? textAt(contentOf(file), "encryptionsalt") : undefined;
  if (!written || written === configSalt(stack) || written !== stateSalt(folder, stack)) return false;
  publish(stack);
  return true;
}

/** Puts what the engine has encrypted anew in the place of the old texts, and says so. */
function publish(stack: string): void {
  // A salt in the stack's own file, which plain `pulumi config set --secret` writes, is changed there.
  const inFile = hasFile(stack) && "encryptionsalt" in readStackFile(stack).content;
  if (inFile)
    replaceInStackFile(stack, renewedTexts(readStackFile(stack).content, contentOf(engineFile(stack))));
  else keepWhatEngineWrote(stack);
  say(
    `The secrets of ${stack} had an empty passphrase; they are encrypted with ${where()} now.${inFile ? ` So are those in stacks/Pulumi.${stack}.yaml.` : ""}`,
  );
}

/** Empty if a full disk or a killed engine has left something else. */
function contentOf(file: string): object {
  try {
    return (parse(fs.readFileSync(file, "utf8")) as object | null) ?? {};
  } catch {
    return {};
  }
}

/** The texts that are other ones in a renewed section, old and new: its salt and its encrypted values, at any depth. */
function renewedTexts(old: unknown, renewed: unknown): [string, string][] {
  if (typeof old !== "object" || typeof renewed !== "object" || !old || !renewed) return [];
  return Object.entries(old).flatMap(([key, was]): [string, string][] => {
    const is = (renewed as Record<string, unknown>)[key];
    if (typeof was !== "string" || typeof is !== "string") return renewedTexts(was, is);
    return /^(secure|encryptionsalt)$/.test(key) && was !== is ? [[was, is]] : [];
  });
}

const where = ({ PULUMI_CONFIG_PASSPHRASE, PULUMI_CONFIG_PASSPHRASE_FILE } = process.env): string =>
  PULUMI_CONFIG_PASSPHRASE === undefined
    ? `the passphrase in ${PULUMI_CONFIG_PASSPHRASE_FILE}`
    : "your passphrase";

/** Salts that are known not to be of an empty passphrase, one a line: to try one takes a third of a second. */
const knownFile = (): string => path.join(stateHome(), "known-salts");

function known(): string[] {
  const file = knownFile();
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8").split("\n") : [];
}

const isKnown = (salt: string): boolean => known().includes(salt);

function remember(salts: readonly string[]): void {
  const added = salts.filter((salt) => !isKnown(salt));
  if (added.length > 0)
    fs.appendFileSync(knownFile(), added.map((salt) => `${salt}\n`).join(""), { mode: 0o600 });
}
