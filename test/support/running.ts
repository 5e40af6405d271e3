/** A program that a test has started: what it prints, when it ends, and how it is killed. */
import type { ChildProcess } from "node:child_process";

/** The result of a program that has ended. */
export interface Result {
  /** Its exit code; null if a signal ended it. */
  status: number | null;
  stdout: string;
  stderr: string;
}

/** `group`: as Ctrl-\ in a terminal or the end of a CI job does. `engine`: its plug-ins live on for a while, as orphans. */
export const VICTIMS = { group: "the engine and its plug-ins", engine: "the engine alone" } as const;
/** What a test kills: the process group that it started, or only the program itself. */
export type Victim = keyof typeof VICTIMS;

/** A running program. Its child process must have pipes as standard output and standard error. */
export class Running {
  /** Everything that was printed so far, both streams in the order in which they arrived. */
  output = "";
  /** When the program itself has ended. Processes that it started may still hold its output open. */
  readonly exited: Promise<void>;
  /** When the program has ended and its output is complete. Rejects if it could not be started. */
  readonly ended: Promise<Result>;

  /** @param shown is called with the whole standard output each time there is more of it. */
  constructor(
    private readonly child: ChildProcess,
    shown?: (stdout: string, pid: number) => void,
  ) {
    const result: Result = { status: null, stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const)
      child[stream]?.setEncoding("utf8").on("data", (text: string) => {
        result[stream] += text;
        this.output += text;
        if (stream === "stdout") shown?.(result.stdout, child.pid as number);
      });
    this.exited = new Promise((resolve) => child.once("exit", () => resolve()));
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (status) => resolve({ ...result, status }));
    });
  }

  /** Whether the program itself still runs. */
  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Sends SIGINT to the program itself, as Ctrl-C does. */
  interrupt(): void {
    this.child.kill("SIGINT");
  }

  /** Kills it with SIGKILL, unless it has ended. For `group` it must lead a process group of its own. */
  kill(victim: Victim): void {
    const { pid } = this.child;
    if (this.isRunning && pid) process.kill(victim === "group" ? -pid : pid, "SIGKILL");
  }
}
