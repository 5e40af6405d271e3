/** Where the state of stacks is kept. Our own backend is a folder, read directly: starting the engine takes 0.3 s. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { gunzipSync } from "node:zlib";
import { baseName } from "./stack-file";

/** The name of the Pulumi project. */
export const PROJECT = "encaplab";

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

/** The checkpoint of a stack as text; undefined when there is no such stack. */
export function readCheckpoint(folder: string, stack: string): string | undefined {
  const file = path.join(folder, ".pulumi/stacks", PROJECT, `${baseName(stack)}.json`);
  return [file, `${file}.gz`].filter((name) => fs.existsSync(name)).map(readText)[0];
}

/**
 * The engine's records of the finished runs on a stack, one file each, the newest first. A run that was killed leaves
 * none.
 */
export function historyFiles(folder: string, stack: string): string[] {
  const home = path.join(folder, ".pulumi/history", PROJECT, baseName(stack));
  if (!fs.existsSync(home)) return [];
  return fs
    .readdirSync(home)
    .flatMap((file) => {
      const time = /-(\d+)\.history\.json(?:\.gz)?$/.exec(file)?.[1];
      return time ? [{ time: BigInt(time), file: path.join(home, file) }] : [];
    })
    .sort((a, b) => (a.time < b.time ? 1 : -1))
    .map(({ file }) => file);
}

/** The text of a file of the backend. With `PULUMI_DIY_BACKEND_GZIP` the engine compresses its files. */
export function readText(file: string): string {
  const content = fs.readFileSync(file);
  return (file.endsWith(".gz") ? gunzipSync(content) : content).toString();
}
