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
  if (fs.existsSync(file)) return fs.readFileSync(file, "utf8");
  // PULUMI_DIY_BACKEND_GZIP
  return fs.existsSync(`${file}.gz`) ? gunzipSync(fs.readFileSync(`${file}.gz`)).toString() : undefined;
}
