/**
 * What is different in one lab from its stack's file: the changes of `switch` and `up --config`, and what the engine
 * would add to the file. They are kept in the state folder, so that the file of a lesson stays as it is.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parse, stringify } from "yaml";
import { stateHome } from "./backend";
import { type Change, isWithin, valueAt, withChanges } from "./config-path";
import { writeForEngine } from "./engine-yaml";
import { badUsage, Failure } from "./failure";
import { typed } from "./invocation";
import { baseName, hasFile, readStackFile, type StackFile } from "./stack-file";

/** A stack's config with the changes of its lab. */
export interface LabConfig {
  file: StackFile;
  changes: readonly Change[];
  /** The file's config with the changes, without secret values. */
  config: StackFile["config"];
  /** The file's whole content with the changes: what the engine gets. */
  content: StackFile["content"];
}

/** What is stored: `engine` has the keys beside `config:` that the engine wrote, such as `encryptionsalt`. */
interface Overlay {
  changes: Change[];
  engine: Record<string, unknown>;
}

/** The folder of everything that we keep for one lab besides the engine's state. */
export const overlayFolder = (stack: string): string =>
  path.join(stateHome(), "overlays", encodeURIComponent(stack));

const overlayFile = (stack: string): string => path.join(overlayFolder(stack), "overlay.yaml");

/** The config file that the engine gets in place of the stack's own. */
export const engineFile = (stack: string): string =>
  path.join(overlayFolder(stack), `Pulumi.${baseName(stack)}.yaml`);

/**
 * A stack's config as its lab has it.
 * @param more changes on top, which are not saved.
 * @throws {Failure} when there is no such stack, or a change does not fit its file.
 */
export function labConfig(stack: string, more: readonly Change[] = []): LabConfig {
  const file = readStackFile(stack);
  const { changes: saved, engine } = read(stack);
  checkSaved(file, saved);
  const merged = more.reduce(replace, [...saved]);
  const changes = merged.filter((change) => !isAsInFile(file, change, merged));
  const config = withChanges(file.content.config, changes);
  return {
    file,
    changes,
    config: withChanges(file.config, changes),
    content: { ...engine, ...file.content, config },
  };
}

/** The file may have been edited since the lab was changed. */
function checkSaved(file: StackFile, saved: readonly Change[]): void {
  try {
    withChanges(file.config, saved);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw badUsage(
      `What was changed for this lab does not fit ${file.name} any more; \`${typed(`reset ${file.stack}`)}\` returns to the file. ${error.message}`,
    );
  }
}

/** A change to the value of the file is none, unless it corrects another change around it. */
function isAsInFile(file: StackFile, { path: at, value }: Change, changes: readonly Change[]): boolean {
  if (changes.some((other) => other.path !== at && isWithin(at, other.path))) return false;
  const before = valueAt(file.content.config, at);
  // `--config blockSize=26` is text, and the file may have a number.
  const isScalar = (one: unknown) => one !== undefined && one !== null && typeof one !== "object";
  if (isScalar(before) && isScalar(value)) return String(before) === String(value);
  return isDeepStrictEqual(before, value);
}

/** A change replaces earlier ones at its path and inside it. */
const replace = (changes: readonly Change[], change: Change): Change[] => [
  ...changes.filter((earlier) => !isWithin(earlier.path, change.path)),
  change,
];

/** Saves the changes of a lab, and writes the config file for the engine. */
export function saveLabConfig({ file, changes, content }: LabConfig): void {
  const { engine } = read(file.stack);
  write(file.stack, { changes: [...changes], engine });
  writeEngineFile(file.stack, content);
}

/** Writes a config file for the engine, without saving any change. */
export function writeEngineFile(stack: string, content: object): void {
  const folder = overlayFolder(stack);
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  writePrivately(engineFile(stack), writeForEngine(content));
}

/** What the engine needs of a stack's config to destroy its lab: it then runs no program, so no changes. */
export const engineContent = (stack: string): object => ({
  ...read(stack).engine,
  ...(hasFile(stack) ? readStackFile(stack).content : { config: {} }),
});

/**
 * Keeps what the engine has added to its config file, because the next file is made from the stack's own again. A lab
 * whose stack has no file has nothing that could be kept.
 */
export function keepWhatEngineWrote(stack: string): void {
  const text = readFile(engineFile(stack));
  if (text === undefined) return;
  const { config: _, ...engine } = sectionIn(text) ?? {};
  const own = hasFile(stack) ? readStackFile(stack).content : {};
  const added = Object.entries(engine).filter(([key]) => !(key in own));
  const { changes } = read(stack);
  if (added.length > 0 || changes.length > 0) write(stack, { changes, engine: Object.fromEntries(added) });
}

/** Removes the changes of a lab, but not what the engine needs to read its state. Returns what was removed. */
export function removeChanges(stack: string): Change[] {
  const { changes, engine } = read(stack);
  if (changes.length > 0) write(stack, { changes: [], engine });
  return changes;
}

/** Removes everything that was kept for a lab. */
export const removeOverlay = (stack: string): void =>
  fs.rmSync(overlayFolder(stack), { recursive: true, force: true });

/** Stacks whose labs differ from their files. */
export function changedStacks(): string[] {
  const folder = path.dirname(overlayFolder("x"));
  const names = fs.existsSync(folder) ? fs.readdirSync(folder).map(decodeURIComponent) : [];
  return names.filter((stack) => read(stack).changes.length > 0);
}

function read(stack: string): Overlay {
  const file = overlayFile(stack);
  const text = readFile(file);
  const content = text === undefined ? {} : sectionIn(text);
  if (!content) {
    throw new Failure(
      `What was changed for the lab ${stack} cannot be read: ${file} is damaged. \`rm ${file}\` forgets the changes: the stack's file then counts again.`,
      1,
    );
  }
  const { changes = [], engine = {} } = content as Partial<Overlay>;
  return { changes, engine };
}

/** A file of ours or of the engine, which is a section; undefined if a full disk or a killed run left something else. */
function sectionIn(text: string): Record<string, unknown> | undefined {
  try {
    const content: unknown = parse(text);
    return content && typeof content === "object" ? (content as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function write(stack: string, overlay: Overlay): void {
  fs.mkdirSync(overlayFolder(stack), { recursive: true, mode: 0o700 });
  writePrivately(overlayFile(stack), stringify(overlay));
}

/** Renames a complete file into place: a run that is killed half-way must not leave half a file. */
function writePrivately(file: string, text: string): void {
  const draft = `${file}.${process.pid}`;
  fs.writeFileSync(draft, text, { mode: 0o600 });
  fs.renameSync(draft, file);
}

function readFile(file: string): string | undefined {
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
}
