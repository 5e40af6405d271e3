/**
 * Space on the disk of the state, held back while the engine runs. On a full disk the engine writes half a state, and
 * tries again for half a minute: a file that takes the space until then, and is deleted when the disk is full, lets it
 * write the whole one.
 */
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { ownFolder, stateFile, stateHome } from "./backend";
import { Failure } from "./failure";
import { say } from "./terminal";

const MEBI = 1 << 20;

/** How often the disk is looked at, in ms: well within the first second in which the engine does not try again. */
const INTERVAL = 100;

/** With less than this free, in bytes, the held space is given to the engine. It is more than the state of most labs. */
const LITTLE = MEBI;

/** How many copies of the state a run may write: the new one, the one before, a backup, and one for the history. */
const COPIES = 4;

/** The state's size for each node of a lab, in bytes: measured with 4 nodes, 120 kB in all, and generously rounded. */
const PER_NODE = 64 << 10;

/** The held space. */
export interface Reserve {
  /** Gives it to the engine if the disk is full now. Also called by a clock, which stands still while we wait for it. */
  check(): void;
  /** Gives it back. */
  release(): void;
}

/**
 * Holds space for a run on a stack, until it is released or the engine needs it.
 * @param nodes how many nodes the lab shall have: 0 for a `down`, whose state becomes smaller.
 * @throws {Failure} when there is not so much space: nothing was changed then.
 */
export function reserve(stack: string, nodes: number): Reserve {
  const folder = ownFolder();
  if (!folder) return { check: () => {}, release: () => {} };
  const home = stateHome();
  const state = stateFile(folder, stack);
  const size = (state ? fs.statSync(state).size : 0) + nodes * PER_NODE;
  const wanted = LITTLE + COPIES * size;
  fs.mkdirSync(home, { recursive: true, mode: 0o700 });
  removeOld(home);
  const file = path.join(home, `${NAME}${process.pid}`);
  try {
    // Written, not only made long: this takes the space. Random, because a file system may compress.
    fill(file, wanted);
    if (freeOf(home) < LITTLE) throw new Error("too little is left");
  } catch (error) {
    fs.rmSync(file, { force: true });
    const room = `${show(wanted + LITTLE)} for the lab's state, and ${show(freeOf(home))} are free (${(error as Error).message})`;
    throw new Failure(
      `Nothing was changed: the disk of ${home} must have ${room}. Make room there, or set XDG_STATE_HOME to a folder on another disk for new labs.`,
      1,
    );
  }
  let isHeld = true;
  const release = () => {
    isHeld = false;
    clearInterval(clock);
    fs.rmSync(file, { force: true });
  };
  const check = () => {
    if (!isHeld || !isFull(home)) return;
    release();
    say(
      `The disk of ${home} is full: make room there. The space that was held back for the lab's state is used now.`,
    );
  };
  const clock = setInterval(check, INTERVAL);
  return { check, release };
}

function isFull(home: string): boolean {
  try {
    return freeOf(home) < LITTLE;
  } catch {
    return false; // it was unmounted or removed: the engine says so
  }
}

const NAME = "space-for-state-";

/** Removes what runs that were killed have left. */
function removeOld(home: string): void {
  for (const name of fs.readdirSync(home)) {
    if (name.startsWith(NAME) && !isRunning(Number(name.slice(NAME.length))))
      fs.rmSync(path.join(home, name), { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function fill(file: string, size: number): void {
  const chunk = randomBytes(MEBI);
  const handle = fs.openSync(file, "w", 0o600);
  try {
    for (let left = size; left > 0; left -= MEBI) {
      const wanted = Math.min(left, MEBI);
      const written = fs.writeSync(handle, chunk, 0, wanted);
      if (written < wanted) throw new Error("the disk is full");
    }
  } finally {
    fs.closeSync(handle);
  }
}

/** Bytes that this user can still write. */
function freeOf(folder: string): number {
  const { bavail, bsize } = fs.statfsSync(folder);
  return bavail * bsize;
}

const show = (bytes: number): string => `${(bytes / MEBI).toFixed(1)} MiB`;
