/** Where the state of stacks is kept. Our own backend is a folder, read directly: starting the engine takes 0.3 s. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { gunzipSync } from "node:zlib";
import { PROJECT } from "../../components/config";
import { baseName } from "./stack-file";

/** The folder of everything that encaplab keeps on this machine between two commands. */
export const stateHome = (env: NodeJS.ProcessEnv = process.env): string =>
  path.join(env.XDG_STATE_HOME || path.join(env.HOME ?? os.homedir(), ".local/state"), "encaplab");

/** The state folder of our own backend; undefined if the user's backend is in use, which scripts/setup decides. */
export function ownFolder(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folder = path.join(stateHome(env), "pulumi");
  return env.PULUMI_BACKEND_URL === `file://${folder}` ? folder : undefined;
}

/** The folder with the engine's locks on a stack. */
export const locksFolder = (folder: string, stack: string): string =>
  path.join(folder, ".pulumi/locks/organization", PROJECT, baseName(stack));

/** The stacks that have a checkpoint, up or not. */
export function stacksIn(folder: string): string[] {
  const home = path.join(folder, ".pulumi/stacks", PROJECT);
  const files = fs.existsSync(home) ? fs.readdirSync(home) : [];
  return [...new Set(files.flatMap((file) => /^(.+?)\.json(?:\.gz)?$/.exec(file)?.[1] ?? []))];
}

/** Every folder of the backend in which the engine looks for a run on a stack. */
export const foldersOf = (folder: string, stack: string): string[] => [
  path.join(folder, ".pulumi"),
  path.join(folder, ".pulumi/stacks", PROJECT),
  locksFolder(folder, stack),
  path.join(folder, ".pulumi/history", PROJECT, baseName(stack)),
  path.join(folder, ".pulumi/backups", PROJECT, baseName(stack)),
];

/** The file with the state of a stack; undefined when there is no such stack. */
export function stateFile(folder: string, stack: string): string | undefined {
  const file = path.join(folder, ".pulumi/stacks", PROJECT, `${baseName(stack)}.json`);
  const found = [file, `${file}.gz`].filter((name) => fs.existsSync(name));
  // With both, the engine reads the one that was written last.
  return found.sort((a, b) => fs.statSync(b).mtimeMs - fs.statSync(a).mtimeMs)[0];
}

/** A file of the backend that has its time in its name. */
export interface BackendFile {
  file: string;
  /** In ns since 1970. */
  time: bigint;
}

/** Copies of a stack's whole state, which the engine makes at the end of each run, the newest first. */
export const savedCopies = (folder: string, stack: string): BackendFile[] =>
  [
    ...timed(
      path.join(folder, ".pulumi/history", PROJECT, baseName(stack)),
      /-(\d+)\.checkpoint\.json(?:\.gz)?$/,
    ),
    ...timed(path.join(folder, ".pulumi/backups", PROJECT, baseName(stack)), /\.(\d+)\.json(?:\.gz)?$/),
  ].sort(newestFirst);

/**
 * The engine's records of the finished runs on a stack, one file each, the newest first. A run that was killed leaves
 * none.
 */
export const historyFiles = (folder: string, stack: string): string[] =>
  timed(path.join(folder, ".pulumi/history", PROJECT, baseName(stack)), /-(\d+)\.history\.json(?:\.gz)?$/)
    .sort(newestFirst)
    .map(({ file }) => file);

const newestFirst = (a: BackendFile, b: BackendFile): number => (a.time < b.time ? 1 : -1);

/** The files of a folder whose names have a time, in ns since 1970, where the pattern has its group. */
function timed(home: string, pattern: RegExp): BackendFile[] {
  if (!fs.existsSync(home)) return [];
  return fs.readdirSync(home).flatMap((name) => {
    const time = pattern.exec(name)?.[1];
    return time ? [{ file: path.join(home, name), time: BigInt(time) }] : [];
  });
}

/** The text of a file of the backend. With `PULUMI_DIY_BACKEND_GZIP` the engine compresses its files. */
export function readText(file: string): string {
  const content = fs.readFileSync(file);
  const isCompressed = content[0] === 0x1f && content[1] === 0x8b;
  return (isCompressed ? gunzipSync(content) : content).toString();
}
