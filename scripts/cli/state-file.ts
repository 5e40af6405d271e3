/**
 * The file with a stack's state in our own backend: whether it is whole, and how a damaged one is restored. On a full
 * disk the engine renames a file that ends in the middle into place (gocloud.dev, blob/fileblob: `Close` after a `Write`
 * that failed), and an engine that is killed then leaves it there.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { type BackendFile, foldersOf, ownFolder, readText, savedCopies, stateFile } from "./backend";
import { Failure } from "./failure";
import { typed } from "./invocation";
import { say } from "./terminal";

/** The state of a stack cannot be read. The message is one sentence on what is wrong, and the way back. */
export class DamagedState extends Failure {
  constructor(message: string) {
    super(message, 1);
  }
}

/** What a whole file of the engine has. */
interface Checkpoint {
  checkpoint: { latest?: object };
}

/**
 * The state of a stack as the engine wrote it last; undefined when the backend does not know the stack.
 * @throws {DamagedState} when the file ends in the middle, or cannot be read.
 */
export function readState(folder: string, stack: string): object | undefined {
  const file = stateFile(folder, stack);
  if (!file) return undefined;
  const read = tryRead(file);
  if (typeof read === "string") throw new DamagedState(wayBack(folder, stack, file, read));
  return read.checkpoint.latest ?? {};
}

/**
 * Restores a damaged state from the copy that the engine keeps of the state before, and says so. Call it only while no
 * engine changes the stack.
 * @throws {DamagedState} when that copy is damaged, too.
 */
export function restoreState(stack: string): void {
  const folder = ownFolder();
  if (folder) restoreStateIn(folder, stack);
}

/** As {@link restoreState}, in a backend of that folder. */
export function restoreStateIn(folder: string, stack: string): void {
  const file = stateFile(folder, stack);
  repairBackend(folder, stack);
  if (!file) return;
  const damage = tryRead(file);
  if (typeof damage !== "string") return;
  const copy = `${file}.bak`;
  if (typeof tryRead(copy) === "string") throw new DamagedState(wayBack(folder, stack, file, damage));
  const kept = `${file}.damaged`;
  fs.copyFileSync(copy, `${file}.restored`);
  // Copy, then rename over it: a run that is killed in between must find the file or its replacement.
  fs.copyFileSync(file, kept);
  fs.renameSync(`${file}.restored`, file);
  fs.rmSync(`${file}${ATTRIBUTES}`, { force: true });
  say(
    `The state of ${stack} could not be read (${damage}). The engine's copy of the state before its last step is in its place now; the damaged file is ${kept}. What that step made on a cloud may be missing in it: \`${typed(`leftovers ${stack}`)}\` shows it.`,
  );
}

/** Beside each of its files the engine has one with the checksum. It lists no folder that has a damaged one. */
const ATTRIBUTES = ".attrs";

/** The engine's version of the backend's format, written once: without it, no stack can be read. */
const META = "version: 1\n";

/** Repairs what else stops the engine: it makes these files new when they are missing, but fails when they are empty. */
function repairBackend(folder: string, stack: string): void {
  for (const home of foldersOf(folder, stack)) {
    const names = fs.existsSync(home) ? fs.readdirSync(home) : [];
    const files = names.filter((name) => name.endsWith(ATTRIBUTES)).map((name) => path.join(home, name));
    for (const file of files) if (typeof tryParse(file) === "string") fs.rmSync(file, { force: true });
  }
  const meta = path.join(folder, ".pulumi/meta.yaml");
  const text = fs.existsSync(meta) ? fs.readFileSync(meta, "utf8") : META;
  // Only what a full disk leaves of it: another text may be that of a newer engine.
  if (text !== META && META.startsWith(text)) fs.writeFileSync(meta, META);
}

/** The content of a file of the engine, or why it is none, as a part of a sentence. */
function tryRead(file: string): Checkpoint | string {
  const parsed = tryParse(file);
  if (typeof parsed === "string") return parsed;
  const { checkpoint } = parsed as Partial<Checkpoint>;
  return checkpoint && typeof checkpoint === "object" ? { checkpoint } : "it is not a state of the engine";
}

function tryParse(file: string): object | string {
  try {
    const content: unknown = JSON.parse(readText(file));
    return content && typeof content === "object" ? content : "it is not a state of the engine";
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall) return code === "ENOENT" ? "there is none" : `it cannot be read: ${code}`;
    return "the file is empty, ends in the middle, or is no JSON";
  }
}

/** What is wrong with a state, and the way back, in one sentence. */
function wayBack(folder: string, stack: string, file: string, damage: string): string {
  const wrong = `The state of ${stack} cannot be read: ${file}: ${damage}; is the disk full?`;
  const go = `\`${typed(`up ${stack}`)}\` or \`${typed(`down ${stack}`)}\``;
  if (/cannot be read/.test(damage)) return `${wrong} Once it can be read, ${go} goes on.`;
  if (typeof tryRead(`${file}.bak`) !== "string")
    return `${wrong} The engine's copy of the state before is whole: ${go} puts it back and goes on.`;
  const newest = savedCopies(folder, stack).find((copy) => typeof tryRead(copy.file) !== "string");
  if (newest) return `${wrong} ${fromCopy(newest, file)} Then ${go} goes on.`;
  return `${wrong} There is no whole copy of it: \`rm ${file}\` forgets the lab, and then ${go} works again; what the lab had stays, and \`${typed(`leftovers ${stack}`)}\` shows what is on a cloud.`;
}

const fromCopy = ({ file, time }: BackendFile, state: string): string =>
  `The newest whole copy is of ${new Date(Number(time / 1_000_000n)).toISOString()}, and what was made later is not in it: \`cp ${file} ${state}\` puts it back.`;
