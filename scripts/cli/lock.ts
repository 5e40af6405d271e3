/** The locks of our own backend. A run of the engine that was killed leaves its lock behind. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { locksFolder, ownFolder } from "./backend";
import { Failure } from "./failure";

/** Who holds the lock on a stack, as the engine recorded it. */
export interface Lock {
  pid: number;
  username: string;
  hostname: string;
  timestamp: string;
}

/** The failure of a run that found the stack locked: another one began at the same moment. */
export function lockedByAnother(stack: string): Failure {
  const folder = ownFolder();
  const lock = folder ? locksOf(folder, stack).find(mayLive) : undefined;
  if (lock) return stillAtIt(stack, lock);
  return new Failure(
    `Another run had locked stack ${stack} at that moment: run the same command again. If nothing runs on it: eval "$(scripts/lab env)" && pulumi cancel --stack ${stack}`,
    1,
  );
}

/** The locks on a stack in our own backend: of a running engine, or of one that was killed. */
export function locksOf(folder: string, stack: string): Lock[] {
  const locks = locksFolder(folder, stack);
  if (!fs.existsSync(locks)) return [];
  return fs
    .readdirSync(locks)
    .flatMap((file) => (file.endsWith(".json") ? (readLock(path.join(locks, file)) ?? []) : []));
}

/** A lock; undefined when it was deleted since it was listed, or is not complete. */
function readLock(file: string): Lock | undefined {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8")) as Lock;
  } catch {
    return undefined;
  }
}

/** The engine renames a lock into place when it is complete, so an incomplete one is what a full disk left. */
export function removeDamagedLocks(folder: string, stack: string): void {
  const home = locksFolder(folder, stack);
  const files = fs.existsSync(home) ? fs.readdirSync(home).filter((file) => file.endsWith(".json")) : [];
  for (const file of files)
    if (!readLock(path.join(home, file))) fs.rmSync(path.join(home, file), { force: true });
}

/** Whether the run that holds the lock may still be alive. A process on another machine may be: we cannot check it. */
export function mayLive({ pid, hostname }: Pick<Lock, "pid" | "hostname">): boolean {
  if (hostname !== os.hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  try {
    const status = fs.readFileSync(`/proc/${pid}/status`, "utf8");
    // The PID may belong to another program by now. A zombie is still listed but already dead.
    return /^Name:.*pulumi/m.test(status) && !/^State:\s+[ZX]/m.test(status);
  } catch {
    return true; // no /proc here
  }
}

/** The failure of a command on a stack that a run has locked. */
export function stillAtIt(stack: string, { pid, username, hostname, timestamp }: Lock): Failure {
  const since = new Date(timestamp).toLocaleString();
  if (hostname === os.hostname()) {
    return new Failure(
      `Stack ${stack} is being changed right now, by process ${pid} of ${username}, since ${since}. Wait until it ends, or end it with Ctrl-C where it runs.`,
      1,
    );
  }
  return new Failure(
    `Stack ${stack} is locked by process ${pid} of ${username} on ${hostname}, since ${since}. If nothing runs there any more: eval "$(scripts/lab env)" && pulumi cancel --stack ${stack}`,
    1,
  );
}
