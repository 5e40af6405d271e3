/**
 * The realm: the place the twin's network namespaces live in. One interface, two kinds: namespaces of this machine's
 * own kernel, or a small QEMU machine with Debian's kernel where the running one lacks a driver.
 *
 * A realm outlives whoever started it (a Pulumi provider process comes and goes) and is found again by its folder.
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

/** A realm that runs. */
export interface Realm {
  kind: RealmKind;
  /** unique per start: a realm with another one has nothing of what was built in the former */
  bootId: string;
  /** argv of a process whose standard input is a bash script, run as root inside once the input ends */
  scriptArgv: string[];
  /** argv of an interactive shell (it wants a terminal) in that network namespace, as that node's root */
  shellArgv(namespace: string): string[];
}

/**
 * Starts a realm in a folder of its own (one per lab; made when missing). Whatever is left of an earlier one in that
 * folder is stopped first. `progress` is given a line for whatever takes longer than two seconds. Errors: RealmError
 * with the cause and the way out; nothing is left running then.
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

/** The realm that lives in a folder, or undefined. Cheap: it reads two small files and starts no process. */
export function findRealm(folder: string): Realm | undefined {
  const record = readLivingRecord(folder);
  return record && describe(record);
}

function describe(record: RealmRecord): Realm {
  const reach = record.kind === "machine" ? reachMachine : reachNamespaces;
  return { kind: record.kind, bootId: record.bootId, ...reach(record.pid) };
}

/**
 * Stops the realm of a folder and removes the folder; returns when every process of it is gone. Does nothing where
 * there is none.
 */
export async function stopRealm(folder: string): Promise<void> {
  const real = realPath(folder);
  const record = readRecord(real);
  // The record's process goes first and by its number; then whoever was killed before it could record itself.
  await killAll([...(record ? [record] : []), ...findHolders(real)]);
  fs.rmSync(real, { recursive: true, force: true });
}

/** The folder as the holder's command line names it; of a folder that is gone, its parent's real path decides. */
function realPath(folder: string): string {
  const absolute = path.resolve(folder);
  try {
    return fs.realpathSync(absolute);
  } catch {
    const parent = path.dirname(absolute);
    return parent === absolute ? absolute : path.join(realPath(parent), path.basename(absolute));
  }
}
