/**
 * Identifies processes on this machine. A pid is used again; a pid together with its start time is not, within one
 * boot. Source of every number: proc(5). Nothing here starts a process.
 */
import * as fs from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";

/** One process: `startTime` in clock ticks since boot (field 22 of /proc/PID/stat), `machineBoot` the kernel's id. */
export interface ProcessId {
  pid: number;
  startTime: number;
  machineBoot: string;
}

/**
 * A process that is not only told apart from others, but known: `user` is its real, effective, saved and file system
 * user, `namespaces` are its user, mount, PID and network namespaces as /proc/PID/ns names them.
 */
export interface KnownProcess extends ProcessId {
  user: number;
  namespaces: string[];
}

/** The kernel's random id of this boot. With it, a record from before a reboot matches no living process. */
export function machineBoot(): string {
  return fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

/** State letter and start time of a process, or undefined if there is none with that pid. */
function stat(pid: number): { state: string; startTime: number } | undefined {
  try {
    const text = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name, in parentheses, may itself contain spaces and parentheses: count from the last one.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "", startTime: Number(fields[19]) };
  } catch {
    return undefined;
  }
}

/** When a process started, in clock ticks since boot, or undefined if there is none with that pid. */
export function startTime(pid: number): number | undefined {
  return stat(pid)?.startTime;
}

/** Whether exactly this process still runs. A zombie does not: it waits for a parent that may never reap it. */
export function isAlive(process: ProcessId): boolean {
  const now = stat(process.pid);
  return (
    now !== undefined &&
    now.startTime === process.startTime &&
    now.state !== "Z" &&
    now.state !== "X" &&
    process.machineBoot === machineBoot()
  );
}

/** Which process has this pid now, or undefined if there is none, it has several users, or it is another user's. */
export function processNow(pid: number): KnownProcess | undefined {
  try {
    const started = startTime(pid);
    const users = usersOf(pid);
    const namespaces = ["user", "mnt", "pid", "net"].map((name) =>
      fs.readlinkSync(`/proc/${pid}/ns/${name}`),
    );
    if (started === undefined || users.size !== 1) return undefined;
    const [user = -1] = users;
    return { pid, startTime: started, machineBoot: machineBoot(), user, namespaces };
  } catch {
    return undefined;
  }
}

/** The real, effective, saved and file system user of a process. @throws {Error} when it has ended. */
function usersOf(pid: number): Set<number> {
  const [, ids = ""] = /^Uid:\s+(.*)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return new Set(ids.split(/\s+/).map(Number));
}

/** Whether exactly this process still runs, with the same user and namespaces. */
export function isKnown({ pid, startTime, machineBoot, user, namespaces }: KnownProcess): boolean {
  const recorded = { pid, startTime, machineBoot, user, namespaces };
  return isAlive(recorded) && isDeepStrictEqual(processNow(pid), recorded);
}

/**
 * Every living process of this user whose command line contains these arguments, next to each other and in this order.
 * Only to end them: a command line proves nothing, so what is found is never entered.
 */
export function findByArguments(wanted: string[]): ProcessId[] {
  const boot = machineBoot();
  const user = process.geteuid?.();
  const needle = `\0${wanted.join("\0")}\0`;
  return fs.readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const pid = Number(entry);
      const started = startTime(pid);
      if (started === undefined || !fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(needle))
        return [];
      const users = usersOf(pid);
      if (users.size !== 1 || !users.has(user as number)) return [];
      return [{ pid, startTime: started, machineBoot: boot }];
    } catch {
      return []; // it ended while we looked
    }
  });
}

/**
 * Kills these processes and returns when none of them is left.
 * @param limit milliseconds.
 * @throws {Error} after the limit, with the processes that are left (stuck in the kernel, or another user's).
 */
export async function killAll(processes: ProcessId[], limit = 20_000): Promise<void> {
  const deadline = Date.now() + limit;
  for (const one of processes.filter(isAlive)) {
    try {
      process.kill(one.pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
  let pause = 1;
  while (processes.some(isAlive)) {
    if (Date.now() > deadline) {
      const left = processes.filter(isAlive).map((one) => one.pid);
      throw new Error(`process ${left.join(", ")} was killed ${limit / 1000} s ago and is still there`);
    }
    await delay(pause);
    pause = Math.min(pause * 2, 50);
  }
}
