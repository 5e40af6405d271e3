/** Pause processes, as what keeps a lab's namespaces is called, and processes that look like one. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import type { PauseRecord } from "../../components/infrastructure/runtime";
import { type Process, processes } from "./processes";
import { until } from "./sandbox";
import { NOBODY } from "./sandbox-under-test";

/** The record that a pause process with this pid would have written, read from outside (proc(5)). */
export function recordOf(pid: number): PauseRecord {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const names = ["user", "mnt", "pid", "net"];
  return {
    kind: "namespaces",
    bootId: "1",
    pid,
    startTime: Number(fields[19]),
    machineBoot: fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
    user: fs.statSync(`/proc/${pid}`).uid,
    namespaces: names.map((name) => fs.readlinkSync(`/proc/${pid}/ns/${name}`)),
    ready: true,
  };
}

/** The living processes that run a pause process's script for this folder, and the `unshare` above each. */
export const pausesOf = (folder: string): Process[] =>
  processes().filter(({ commandLine }) => new RegExp(`pause(\\.sh)? ${folder} `).test(commandLine));

/** A process that is not the lab's. */
export interface Impostor {
  /** its pid, and the one in its own PID namespace if it has one */
  pid: number;
  isAlive(): boolean;
  end(): void;
}

/**
 * Starts a process with the arguments of a pause process, which does nothing.
 * @param base an existing folder for its script, that everybody may read.
 * @param script the last two parts of its path, such as `containers/pause`.
 * @param before program and arguments through which it is started, such as another user's `setpriv`.
 */
export async function startImpostor(
  base: string,
  script: string,
  words: string[],
  before: readonly string[] = [],
): Promise<Impostor> {
  const own = fs.mkdtempSync(path.join(base, "impostor-"));
  fs.chmodSync(own, 0o755);
  const file = path.join(own, script);
  fs.mkdirSync(path.dirname(file));
  fs.writeFileSync(file, 'echo "$$ ready"; sleep 600; :');
  const argv = [...before, "bash", file, ...words];
  const child = spawn(argv[0] as string, argv.slice(1), {
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
  });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk;
  });
  await until(() => said.includes("ready"));
  child.stdout.destroy();
  const isAlive = () => child.exitCode === null && child.signalCode === null;
  return {
    pid: child.pid as number,
    isAlive,
    end: () => {
      if (isAlive()) process.kill(-(child.pid as number), "SIGKILL");
    },
  };
}

/** Program and arguments that make a process the user nobody's, in namespaces of its own, in which it is root. */
export const AS_NOBODY = [
  ...["setpriv", ...NOBODY.argv],
  ...["unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child"],
] as const;
