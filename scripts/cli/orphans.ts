/**
 * Plug-ins of an engine that was killed. A cloud's own plug-in notices that only after minutes, and goes on until then: what
 * it builds meanwhile would be missed by the look at what the state does not know. Needs /proc, so Linux.
 */
import * as fs from "node:fs";
import * as path from "node:path";

/** Set for the engine, and so for its plug-ins. */
const MARK = "ENCAPLAB_ENGINE_OF";

/** What the plug-ins of an engine carry that works on a stack: two backends may have stacks of the same name. */
const markOf = (stack: string): string => `${process.env.PULUMI_BACKEND_URL ?? ""}#${stack}`;

/** Marks every process that is started from now on as one of an engine that works on the stack. */
export function markEngine(stack: string): void {
  process.env[MARK] = markOf(stack);
}

/** Ends the stack's plug-ins whose engine is gone. @returns their process ids. */
export function endOrphans(stack: string): number[] {
  const mark = `${MARK}=${markOf(stack)}`;
  const orphans = processes().filter(
    (pid) => isPlugin(pid) && hasMark(pid, mark) && !isEngine(parentOf(pid)),
  );
  for (const pid of orphans) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself since.
    }
  }
  return orphans;
}

const processes = (): number[] =>
  fs.existsSync("/proc") ? fs.readdirSync("/proc").map(Number).filter(Number.isInteger) : [];

/** A file of a process; empty if the process has ended or is another user's. */
function read(pid: number, file: string): string {
  try {
    return fs.readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}

/** Only plug-ins: the processes that keep a twin's namespaces alive were started by an engine, too. */
const isPlugin = (pid: number): boolean =>
  read(pid, "cmdline")
    .split("\0")
    .slice(0, 2)
    .some((word) => /^pulumi-(resource|language)-/.test(path.basename(word)));

const hasMark = (pid: number, mark: string): boolean => read(pid, "environ").split("\0").includes(mark);
const parentOf = (pid: number): number => Number(/^PPid:\s*(\d+)/m.exec(read(pid, "status"))?.[1] ?? 0);
const isEngine = (pid: number): boolean => /^Name:\s*pulumi$/m.test(read(pid, "status"));
