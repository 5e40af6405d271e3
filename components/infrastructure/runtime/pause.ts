/** The pause process: process 1 of a lab's namespaces, detached from the process that started it. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { scriptPath } from "../../scripts";

/** The file in the folder that gets the pause process's standard error. */
export const PAUSE_LOG = "pause.log";

/** A pause process that did not start. `stderr` has what it said. */
export class PauseError extends Error {
  override readonly name = "PauseError";

  constructor(
    message: string,
    readonly stderr: string,
  ) {
    super(message);
  }
}

/** What {@link enterPause} enters. */
export interface PauseEntry {
  /** absolute, with no link in it */
  folder: string;
  /** of the start that is meant: a later one in the same folder is not entered */
  bootId: string;
  /** options of nsenter(1) */
  namespaces: readonly string[];
  /** arguments of env(1) for the environment inside. Default: that of the caller. */
  environment?: readonly string[];
}

/**
 * argv that enters namespaces of the pause process of a folder, if it is the recorded one in every respect. The program that
 * follows must close file 3.
 */
export const enterPause = ({ folder, bootId, namespaces, environment = [] }: PauseEntry): string[] => [
  // Perl would complain about a locale that this machine does not have.
  ...["env", ...environment, "PERL_BADLANG=0", "perl", scriptPath("runtime/recorded.pl")],
  ...[folder, "enter", bootId, namespaces.join(",")],
];

/**
 * Milliseconds without a line after which a pause process counts as failed. A namespaces sandbox is ready after 50;
 * that of a machine gives a sign of life every two seconds, and itself knows when its machine hangs.
 */
const SILENCE_LIMIT = 30_000;

/** What a pause process prints to show that it is alive. */
const SIGN_OF_LIFE = ".";

/** Arguments of {@link startPause}. */
export interface PauseStart {
  /** absolute, with no link in it, and must exist */
  folder: string;
  /** path of the pause process's script */
  script: string;
  /** further arguments of it */
  argv?: readonly string[];
  /** options of unshare(1) */
  namespaces: readonly string[];
  /** gets each line that it prints before it is ready */
  progress: (line: string) => void;
}

/**
 * Starts a pause process in a folder in which none runs, and returns once it is ready.
 * @throws {PauseError} with its standard error. The pause process may still run then; {@link endPause} ends it, however far
 *   it got.
 */
export async function startPause({
  folder,
  script,
  argv = [],
  namespaces,
  progress,
}: PauseStart): Promise<void> {
  const child = spawn("bash", [scriptPath("runtime/start"), folder, namespaces.join(","), script, ...argv], {
    detached: true,
    cwd: "/",
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { stdout, stderr } = child;
  let said = "";
  // What fails before the log is there.
  stderr.on("data", (chunk: Buffer) => {
    said += chunk;
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (message: string) =>
        reject(new PauseError(message, said + readText(path.join(folder, PAUSE_LOG))));
      const silent = () => fail(`it gave no sign of life for ${SILENCE_LIMIT / 1000} s`);
      timer = setTimeout(silent, SILENCE_LIMIT);
      child.once("error", (error) => fail(`cannot run bash: ${error.message}`));
      child.once("exit", () => fail("it ended before it was ready"));
      createInterface(stdout).on("line", (line) => {
        timer?.refresh();
        if (line === "ready") resolve();
        else if (line !== SIGN_OF_LIFE) progress(line);
      });
    });
  } finally {
    clearTimeout(timer);
    stdout.destroy();
    stderr.destroy();
    child.unref();
  }
}

/**
 * Ends the pause process of a folder, recorded or not, of this or an earlier version, and returns when everything in its
 * namespaces is gone. Does nothing if there is none.
 * @param folder absolute, with no link in it. It need not exist any more.
 * @throws {Error} when something cannot be ended, with the reason.
 */
export async function endPause(folder: string): Promise<void> {
  const child = spawn("bash", [scriptPath("runtime/end"), folder], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk;
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", (error) => reject(new Error(`cannot run bash: ${error.message}`)));
    child.once("close", resolve);
  });
  if (status !== 0) throw new Error(`what runs for ${folder} cannot be ended: ${said.trim()}`);
}

function readText(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
