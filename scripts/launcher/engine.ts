/** The `pulumi` on PATH, where scripts/lab put it. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import * as os from "node:os";
import { Failure } from "./failure";

/** What a call of the engine answered. */
export interface Answer {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs the engine as if it had been typed: on this terminal, and returns its exit code. */
export function runEngine(argv: readonly string[]): Promise<number> {
  return runHere("pulumi", argv);
}

/** Asks the engine something that takes a moment and shows nothing. */
export function askEngine(argv: readonly string[], input = ""): Answer {
  const { status, stdout, stderr, error } = spawnSync("pulumi", argv, {
    encoding: "utf8",
    input,
    maxBuffer: 1 << 30,
  });
  if (error) throw cannotStart("pulumi", error);
  return { status: status ?? 1, stdout, stderr };
}

/** As {@link askEngine}, where anything but success is a failure, told in the engine's own words. */
export function tellEngine(argv: readonly string[], input = ""): string {
  const { status, stdout, stderr } = askEngine(argv, input);
  if (status === 0) return stdout;
  const said = (stderr || stdout).trim();
  throw new Failure(`\`pulumi ${argv.join(" ")}\` failed with exit code ${status}:\n${said}`, 1);
}

/** Runs a program on this terminal and returns its exit code, 128 and the signal's number when a signal ended it. */
export function runHere(command: string, argv: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    // On a terminal Ctrl-C reaches the whole foreground group, so the program too: it has to be in it, and must not get
    // the signal a second time, which the engine would take for "stop at once". Without a terminal it comes by kill, to
    // us alone or to a group: then the program has a group of its own, and gets from us what we get, once.
    const onTerminal = process.stdin.isTTY === true;
    const child = spawn(command, argv, { stdio: "inherit", detached: !onTerminal });
    const release = holdSignals(child, onTerminal);
    child.once("error", (error) => {
      release();
      reject(cannotStart(command, error));
    });
    child.once("exit", (code, signal) => {
      release();
      resolve(code ?? 128 + os.constants.signals[signal as NodeJS.Signals]);
    });
  });
}

/** While the program runs we stay: it ends in its own time, and its exit code is ours. */
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
    // Never from a terminal: somebody wants this very process to end.
    ["SIGTERM", pass],
  ];
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}

function cannotStart(command: string, error: Error): Failure {
  return new Failure(
    `${command} cannot be started: ${error.message}. Run it by \`npm run lab\`, which puts it on PATH.`,
    1,
  );
}
