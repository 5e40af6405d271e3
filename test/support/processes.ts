/** The processes on this machine, including those in sandboxes and node containers. */
import * as fs from "node:fs";
import { groupOf } from "./control-groups";

/** A process of this machine. Every text is empty once it has ended, or if another user may not read it. */
export class Process {
  constructor(readonly pid: number) {}

  private read(file: string): string {
    try {
      return fs.readFileSync(`/proc/${this.pid}/${file}`, "utf8");
    } catch {
      return "";
    }
  }

  /** Its program and arguments, with a space after each. */
  get commandLine(): string {
    return this.read("cmdline").replaceAll("\0", " ");
  }

  /** Its environment, as `NAME=value` with a NUL after each. */
  get environment(): string {
    return this.read("environ");
  }

  /** Its control groups: a line for each hierarchy. */
  get groups(): string {
    return this.read("cgroup");
  }

  /** The program's name, of at most 15 characters. */
  get name(): string {
    return this.read("comm").trim();
  }

  /** The pid of its parent. */
  get parent(): number {
    return Number(/^PPid:\s+(\d+)/m.exec(this.read("status"))?.[1]);
  }
}

/** Every process but this one. */
export const processes = (): Process[] =>
  fs
    .readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .map((entry) => new Process(Number(entry)));

/** The command lines on the nodes of the lab in this folder. */
export function onNodes(folder: string): string[] {
  const group = `/${groupOf(folder)}/`;
  return processes()
    .filter(({ groups }) => groups.includes(group))
    .map(({ commandLine }) => commandLine);
}

/** All command lines that were seen during some work. */
export async function seenDuring(work: Promise<unknown>): Promise<Set<string>> {
  const seen = new Set<string>();
  const timer = setInterval(() => {
    for (const { commandLine } of processes()) seen.add(commandLine);
  }, 50);
  try {
    await work;
  } finally {
    clearInterval(timer);
  }
  return seen;
}
