/** How much memory and processor time a twin takes, and what its packets take from others. */
import * as fs from "node:fs";
import * as path from "node:path";
import { readRecord } from "../components/infrastructure/runtime";

/** The kernel's clock ticks in a second, as /proc counts processor time (USER_HZ, the same on every Linux of 64 bits). */
const TICKS = 100;

/**
 * The memory of all processes of a stack's sandbox, in MB: shared pages are divided among those that share them.
 * @param twins the folder of all twins' folders.
 */
export function memoryOf(twins: string, stack: string): number {
  const kilobytes = processesOf(twins, stack).map((process) =>
    Number(/^Pss: +(\d+)/m.exec(textOf(`/proc/${process}/smaps_rollup`))?.[1] ?? 0),
  );
  return sum(kilobytes) / 1024;
}

/**
 * Begins to count processor time, in user and system mode: of this process, of its children that end meanwhile, with theirs, and
 * of the processes that then live in the stack's sandbox. It depends less on what else the machine does than the clock.
 * @returns a function that returns the seconds since.
 */
export function countProcessor(twins: string, stack: string): () => number {
  const read = () => ({
    own: sum(ticksOf("self")),
    living: sum(processesOf(twins, stack).flatMap(ticksOf)),
  });
  const before = read();
  return () => {
    const now = read();
    // A sandbox that has ended takes its count with it.
    return (now.own - before.own + Math.max(0, now.living - before.living)) / TICKS;
  };
}

/**
 * Begins to count the packets that the machine's kernel drops because a processor's queue is full (net.core.netdev_max_backlog).
 * All namespaces share these queues: what a twin floods, the engine's own connections lose.
 * @returns a function that returns how many since.
 */
export function countDropped(): () => number {
  // A line for each processor; the second field is what it has dropped (softnet_seq_show in the kernel's net-procfs.c).
  const read = () => {
    const lines = textOf("/proc/net/softnet_stat").trim().split("\n");
    return sum(lines.map((line) => Number.parseInt(line.split(" ")[1] ?? "0", 16)));
  };
  const before = read();
  return () => read() - before;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/** A process's own ticks in user and system mode, and those of the ended children that it has waited for (proc(5)). */
function ticksOf(process: string): number[] {
  // The name before it may contain spaces.
  const [, fields = ""] = /\) (.*)/.exec(textOf(`/proc/${process}/stat`)) ?? [];
  return fields.split(" ").slice(11, 15).map(Number);
}

/** The pids of the stack's sandbox; none if it is down. */
function processesOf(twins: string, stack: string): string[] {
  const folders = fs.existsSync(twins) ? fs.readdirSync(twins) : [];
  const folder = folders.find((name) => name.startsWith(`${stack}-`));
  const pid = folder === undefined ? undefined : readRecord(path.join(twins, folder))?.pid;
  if (pid === undefined) return [];
  const sandbox = linkOf(`/proc/${pid}/ns/pid_for_children`);
  return fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && linkOf(`/proc/${name}/ns/pid`) === sandbox);
}

const textOf = (file: string): string => attempt(() => fs.readFileSync(file, "utf8"));
const linkOf = (file: string): string => attempt(() => fs.readlinkSync(file));

/** Empty for a process that has ended meanwhile. */
function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
