/**
 * The pause process: a sandbox's process 1, in its own namespaces, detached from the process that started it. Both
 * kinds of sandbox have one; they differ in the script that it runs.
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { scriptPath } from "../../../scripts";
import { SandboxError } from "./error";
import { findByArguments, type ProcessId } from "./process";

/** scripts/twin of this checkout, which contains what runs inside a sandbox. */
export const SCRIPTS = scriptPath("twin");

/** The script of each kind of pause process. */
const PAUSES = {
  namespaces: path.join(SCRIPTS, "sandbox-pause.sh"),
  machine: path.join(SCRIPTS, "machine-pause.sh"),
};

/** The file in the folder that gets the pause process's standard error. */
export const PAUSE_LOG = "pause.log";

/** The environment of every program inside. Nothing comes from the caller, whose PATH may lack /sbin. */
export const ENVIRONMENT = [
  "PATH=/run/encaplab/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  "HOME=/run/encaplab/home",
  "USER=root",
  "LOGNAME=root",
  "LANG=C.UTF-8",
];

/**
 * argv that enters namespaces of this pause process, and of no other one that has got its pid since. The program that
 * follows must close file 3.
 */
export const enter = ({ pid, startTime }: ProcessId, namespaces: readonly string[]): string[] => [
  ...["bash", path.join(SCRIPTS, "enter.sh"), `${pid}`, `${startTime}`, namespaces.join(",")],
];

/** Every living pause process of this folder, recorded or not. */
export function findPauses(folder: string): ProcessId[] {
  return Object.values(PAUSES).flatMap((script) => findByArguments([script, folder]));
}

/**
 * Milliseconds without a line after which a pause process counts as failed. A namespaces sandbox is ready after 50;
 * that of a machine gives a sign of life every two seconds, and itself knows when its machine hangs.
 */
const SILENCE_LIMIT = 30_000;

/** What a pause process prints to show that it is alive. */
const SIGN_OF_LIFE = ".";

/** Arguments of {@link launch}. */
export interface Launch {
  kind: keyof typeof PAUSES;
  /** absolute, and must exist */
  folder: string;
  /** further arguments of the pause process's script */
  argv?: string[];
  progress: (line: string) => void;
}

/**
 * Starts a pause process and returns once it prints "ready". Every other line that it prints is progress, or a sign of
 * life.
 * @throws {SandboxError} with its standard error. The pause process may still run then; stopping the sandbox ends it,
 * however far it got.
 */
export async function launch({ kind, folder, argv = [], progress }: Launch): Promise<void> {
  const logFile = path.join(folder, PAUSE_LOG);
  const log = fs.openSync(logFile, "a", 0o600);
  const namespaces = ["--user", "--map-root-user", "--net", "--mount", "--pid", "--uts", "--ipc"];
  // --kill-child: if the outer process (unshare, which only waits) is killed, the pause process must not live on.
  const options = [...namespaces, "--fork", "--kill-child=SIGKILL", "--"];
  const bootId = randomUUID();
  const command = ["bash", PAUSES[kind], folder, bootId, ...argv];
  // Claims the folder: a pause process with another boot id, left by a starter that was killed, gives way.
  fs.writeFileSync(path.join(folder, "boot"), `${bootId}\n`);
  const child = spawn("unshare", [...options, ...command], {
    detached: true,
    cwd: "/",
    stdio: ["ignore", "pipe", log],
  });
  fs.closeSync(log);
  const output = child.stdout as NonNullable<typeof child.stdout>;
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (message: string) => reject(new SandboxError(message, undefined, readText(logFile)));
      const silent = () => fail(`it gave no sign of life for ${SILENCE_LIMIT / 1000} s`);
      timer = setTimeout(silent, SILENCE_LIMIT);
      child.once("error", (error) => fail(`cannot run unshare (package util-linux): ${error.message}`));
      child.once("exit", () => fail("it ended before it was ready"));
      createInterface(output).on("line", (line) => {
        timer?.refresh();
        if (line === "ready") resolve();
        else if (line !== SIGN_OF_LIFE) progress(line);
      });
    });
  } finally {
    clearTimeout(timer);
    output.destroy();
    child.unref();
  }
}

function readText(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
