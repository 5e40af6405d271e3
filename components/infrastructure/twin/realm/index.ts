/**
 * The realm: where the twin's network namespaces live. One interface, two kinds: namespaces of this machine's own
 * kernel or, if that lacks a driver, a small QEMU machine with Debian's kernel.
 *
 * A realm outlives the process that started it (a Pulumi provider process comes and goes) and is found again by its
 * folder.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { RealmError } from "./error";
import { findHolders } from "./holder";
import type { RealmKind } from "./kernel";
import { reachMachine, startMachine } from "./machine";
import { reachNamespaces, startNamespaces } from "./namespaces";
import { killAll } from "./process";
import { type RealmRecord, readLivingRecord, readRecord } from "./record";

export { RealmError, realmEnded } from "./error";
export { chooseRealm, type KernelFeature, type RealmKind } from "./kernel";
export { runScript } from "./script";

/** A running realm. */
export interface Realm {
  kind: RealmKind;
  /** unique per start: a realm with another id has nothing of what was built before */
  bootId: string;
  /** argv of a process whose standard input is a bash script. It runs as root inside once the input ends. */
  scriptArgv: string[];
  /** argv of an interactive shell in that network namespace, as that node's root. It needs a terminal. */
  shellArgv(namespace: string): string[];
}

/**
 * Starts a realm in a folder of its own (one per lab; made if missing). Anything left of an earlier realm in that
 * folder is stopped first.
 * @param progress gets a line for everything that takes longer than two seconds.
 * @throws {RealmError} with the cause and what to do. Nothing is left running then.
 */
export async function startRealm(
  folder: string,
  kind: RealmKind,
  progress: (line: string) => void = () => {},
): Promise<Realm> {
  await stopRealm(folder);
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const real = fs.realpathSync(folder);
  try {
    await (kind === "machine" ? startMachine : startNamespaces)(real, progress);
    const realm = findRealm(real);
    if (!realm) throw new RealmError(`the realm in ${folder} ended right after its start`);
    return realm;
  } catch (error) {
    await stopRealm(real);
    throw error;
  }
}

/** The realm that runs in a folder, or undefined. Cheap: reads two small files and starts no process. */
export function findRealm(folder: string): Realm | undefined {
  const record = readLivingRecord(folder);
  return record && describe(record);
}

function describe(record: RealmRecord): Realm {
  const reach = record.kind === "machine" ? reachMachine : reachNamespaces;
  return { kind: record.kind, bootId: record.bootId, ...reach(record.pid) };
}

/**
 * Stops the realm of a folder and removes the folder. Returns when all its processes are gone. Does nothing if there is
 * none.
 */
export async function stopRealm(folder: string): Promise<void> {
  const real = realPath(folder);
  const record = readRecord(real);
  // First the recorded process, by its pid. Then every holder that has not recorded itself.
  await killAll([...(record ? [record] : []), ...findHolders(real)]);
  fs.rmSync(real, { recursive: true, force: true });
}

/** The folder as in the holder's command line. If it is gone, the real path of its parent is used. */
function realPath(folder: string): string {
  const absolute = path.resolve(folder);
  try {
    return fs.realpathSync(absolute);
  } catch {
    const parent = path.dirname(absolute);
    return parent === absolute ? absolute : path.join(realPath(parent), path.basename(absolute));
  }
}
