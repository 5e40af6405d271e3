/** Where stacks' states are kept. Our own backend, a folder, is read as it is: each start of the engine costs 0.3 s. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { gunzipSync } from "node:zlib";
import { baseName } from "./stack-file";

const PROJECT = "encaplab";

/** The state folder of our own backend, or undefined where the user's own is in use. The rule is scripts/setup's. */
export function ownFolder(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const home = env.XDG_STATE_HOME || path.join(env.HOME ?? os.homedir(), ".local/state");
  const folder = path.join(home, "encaplab/pulumi");
  return env.PULUMI_BACKEND_URL === `file://${folder}` ? folder : undefined;
}

/** The folder in which the engine locks a stack while it changes it. */
export const locksFolder = (folder: string, stack: string): string =>
  path.join(folder, ".pulumi/locks/organization", PROJECT, baseName(stack));

/** The checkpoint of a stack as text; undefined when there is no such stack. */
export function readCheckpoint(folder: string, stack: string): string | undefined {
  const file = path.join(folder, ".pulumi/stacks", PROJECT, `${baseName(stack)}.json`);
  return [file, `${file}.gz`].filter((name) => fs.existsSync(name)).map(readText)[0];
}

/**
 * The files in which the engine recorded each run on a stack that came to an end, the newest first. A run that was killed
 * leaves none.
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

/** The text of a file of the backend, which `PULUMI_DIY_BACKEND_GZIP` may have compressed. */
export function readText(file: string): string {
  const content = fs.readFileSync(file);
  return (file.endsWith(".gz") ? gunzipSync(content) : content).toString();
}
