/** Runs the `pulumi` that the set-up put on PATH. */
import { type ChildProcess, type StdioOptions, spawn, spawnSync } from "node:child_process";
import * as os from "node:os";
import { createInterface } from "node:readline";
import { Failure } from "./failure";

/** The result of a call of the engine. */
export interface Answer {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs the engine on this terminal, as if the user had typed it, and returns its exit code. */
export const runEngine = (argv: readonly string[]): Promise<number> => runHere("pulumi", argv);

/** After how many ms an engine that was asked to stop is told to stop at once, and then killed. */
const STOP = [5_000, 15_000] as const;

/**
 * Runs the engine, hands over what it prints line by line, and returns its exit code.
 * @param stop ends it when it is aborted, also while it waits for a plug-in that does not end.
 */
export const followEngine = (
  argv: readonly string[],
  onLine: (line: string, stream: "stdout" | "stderr") => void,
  stop?: AbortSignal,
  [again, kill]: readonly [number, number] = STOP,
): Promise<number> =>
  run("pulumi", argv, ["inherit", "pipe", "pipe"], (child) => {
    stop?.addEventListener("abort", () => {
      child.kill("SIGINT");
      // The engine takes a second one as "stop at once", and ends its plug-ins.
      const clocks = [
        setTimeout(() => child.kill("SIGINT"), again),
        setTimeout(() => child.kill("SIGKILL"), kill),
      ];
      child.once("close", () => clocks.forEach(clearTimeout));
    });
    for (const stream of ["stdout", "stderr"] as const) {
      const input = child[stream];
      if (input) createInterface({ input }).on("line", (line) => onLine(line, stream));
    }
  });

/**
 * Runs the engine without showing its output, for a short question.
 * @param cwd the folder of the project. Default: this one.
 * @throws {Failure} when it cannot be started.
 */
export function askEngine(argv: readonly string[], input = "", cwd = process.cwd()): Answer {
  const { status, stdout, stderr, error } = spawnSync("pulumi", argv, {
    encoding: "utf8",
    input,
    cwd,
    maxBuffer: 1 << 30,
  });
  if (error) throw cannotStart("pulumi", error);
  return { status: status ?? 1, stdout, stderr };
}

/** As {@link askEngine}, and returns its output. @throws {Failure} with the engine's own message if it fails. */
export function tellEngine(argv: readonly string[], input = "", cwd = process.cwd()): string {
  const { status, stdout, stderr } = askEngine(argv, input, cwd);
  if (status === 0) return stdout;
  const said = (stderr || stdout).trim();
  throw new Failure(`\`pulumi ${argv.join(" ")}\` failed with exit code ${status}:\n${said}`, 1);
}

/** Runs a program on this terminal and returns its exit code, or 128 plus the signal's number if a signal ended it. */
export const runHere = (command: string, argv: readonly string[]): Promise<number> =>
  run(command, argv, "inherit");

function run(
  command: string,
  argv: readonly string[],
  stdio: StdioOptions,
  started: (child: ChildProcess) => void = () => {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    // On a terminal, Ctrl-C reaches the whole foreground process group. The program must be in this group, and we must
    // not pass the signal on: the engine would take a second one as "stop at once". Without a terminal, the signal
    // comes from kill, to us alone or to our group. The program then runs in its own group, and we pass one signal on.
    const onTerminal = process.stdin.isTTY === true;
    const child = spawn(command, argv, { stdio, detached: !onTerminal });
    const release = holdSignals(child, onTerminal);
    started(child);
    child.once("error", (error) => {
      release();
      reject(cannotStart(command, error));
    });
    // Not "exit": the last lines of its output may come after that.
    child.once("close", (code, signal) => {
      release();
      resolve(code ?? 128 + os.constants.signals[signal as NodeJS.Signals]);
    });
  });
}

/** Keeps this process alive until the program has ended, so that it can return the program's exit code. */
function holdSignals(child: ChildProcess, onTerminal: boolean): () => void {
  let passedOn = false;
  const pass = () => {
    if (!passedOn) child.kill("SIGINT");
    passedOn = true;
  };
  const ignore = () => {};
  const handlers: [NodeJS.Signals, () => void][] = [
    ["SIGINT", onTerminal ? ignore : pass],
    ["SIGHUP", onTerminal ? ignore : pass],
    // SIGTERM never comes from a terminal: it was sent to this process, so pass it on.
    ["SIGTERM", pass],
  ];
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}

function cannotStart(command: string, error: Error): Failure {
  return new Failure(`${command} cannot be started: ${error.message}.`, 1);
}
