/**
 * The sandbox: where the twin's network namespaces live. One interface, two kinds: namespaces of this machine's own
 * kernel or, if that lacks a driver, a small QEMU machine with Debian's kernel.
 *
 * A sandbox outlives the process that started it (a Pulumi provider process comes and goes) and is found again by its
 * folder.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { endPause, isAlive, readRecord } from "../../runtime";
import { SandboxError } from "./error";
import type { SandboxKind } from "./kernel";
import { reachMachine, startMachine } from "./machine";
import { reachNamespaces, startNamespaces } from "./namespaces";

export { SandboxError, sandboxEnded } from "./error";
export {
  canPlay,
  chooseSandbox,
  featuresOf,
  type KernelFacts,
  type KernelFeature,
  missingDrivers,
  type SandboxKind,
} from "./kernel";
export { runScript } from "./script";
export { openHere } from "./terminal";

/** A running sandbox. */
export interface Sandbox {
  kind: SandboxKind;
  /** unique per start: a sandbox with another id has nothing of what was built before */
  bootId: string;
  /** argv of a process whose standard input is a bash script. It runs as root inside once the input ends. */
  scriptArgv: string[];
  /**
   * argv of an interactive shell in that network namespace, as that node's root. It needs a terminal.
   * @param type the terminal's type. Default: that of this process.
   */
  shellArgv(namespace: string, type?: string): string[];
}

/**
 * Starts a sandbox in a folder of its own (one per lab; made if missing). Anything left of an earlier sandbox in that
 * folder is stopped first.
 * @param progress gets a line for everything that takes longer than two seconds.
 * @throws {SandboxError} with the cause and what to do. Nothing is left running then.
 */
export async function startSandbox(
  folder: string,
  kind: SandboxKind,
  progress: (line: string) => void = () => {},
): Promise<Sandbox> {
  if (fs.existsSync(folder)) await stopSandbox(folder);
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const real = fs.realpathSync(folder);
  try {
    await (kind === "machine" ? startMachine : startNamespaces)(real, progress);
    const sandbox = findSandbox(real);
    if (!sandbox) throw new SandboxError(`the sandbox in ${folder} ended right after its start`);
    return sandbox;
  } catch (error) {
    await stopSandbox(real);
    throw error;
  }
}

/**
 * The sandbox that runs in a folder, or undefined. Cheap: reads three small files and starts no process. Entering it
 * fails if the process is not the recorded one in every respect.
 */
export function findSandbox(folder: string): Sandbox | undefined {
  const record = readRecord(folder);
  // A record of an earlier version does not say enough to enter the sandbox.
  if (!record?.ready || !record.namespaces || !isAlive(record)) return undefined;
  const { kind, bootId } = record;
  if (kind === "containers") return undefined;
  const reach = kind === "machine" ? reachMachine : reachNamespaces;
  return { kind, bootId, ...reach(realPath(folder), bootId) };
}

/** Whether a folder has a sandbox of version 0.1, which nothing but {@link stopSandbox} can still use. */
export const hasFormerSandbox = (folder: string): boolean => readRecord(folder, "realm.json") !== undefined;

/**
 * Stops the sandbox of a folder and removes the folder. Returns when all its processes are gone. Does nothing if there
 * is none.
 */
export async function stopSandbox(folder: string): Promise<void> {
  const real = realPath(folder);
  await endPause(real);
  fs.rmSync(real, { recursive: true, force: true });
}

/**
 * Ends a machine that still boots in this folder, if there is one, so that what waits for it gets an error at once
 * and nothing is left. For Ctrl-C: the engine does not pass that on to the provider that waits. A sandbox that is ready
 * stays.
 */
export async function cancelBoot(folder: string): Promise<void> {
  const record = readRecord(realPath(folder));
  if (record?.kind === "machine" && !record.ready) await stopSandbox(folder);
}

/** The folder as in the pause process's command line. If it is gone, the real path of its parent is used. */
function realPath(folder: string): string {
  const absolute = path.resolve(folder);
  try {
    return fs.realpathSync(absolute);
  } catch {
    const parent = path.dirname(absolute);
    return parent === absolute ? absolute : path.join(realPath(parent), path.basename(absolute));
  }
}
