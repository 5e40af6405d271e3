/**
 * The realm made of this machine's own namespaces: user, network, mount, pid, uts and ipc. It needs no privilege and,
 * because it always has a user namespace of its own, has none over the machine: interfaces, routes, sysctls, firewall
 * and mounts of the host are out of its reach, also when root starts it.
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { lastLines, RealmError } from "./error";
import { findByArguments, type ProcessId } from "./process";

/** scripts/twin of this checkout, where what runs inside a realm is kept. */
export const SCRIPTS = path.resolve(__dirname, "../../../../scripts/twin");
const HOLDER = path.join(SCRIPTS, "realm-holder.sh");
const HOLDER_LOG = "holder.log";

/** What every program inside gets as its environment, and nothing of the caller's (whose PATH may lack /sbin). */
export const ENVIRONMENT = [
  "PATH=/run/encaplab/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  "HOME=/run/encaplab/home",
  "USER=root",
  "LOGNAME=root",
  "LANG=C.UTF-8",
];

/**
 * The argument vector that reads a whole script from its standard input, then runs it. Not `bash -s`: that reads a
 * pipe byte by byte, and every command in the script would share the script as its own input.
 */
export const SCRIPT_ARGV = ["bash", "-c", 'eval "$(cat)"'];

/** How to get inside the namespaces of the realm whose first process has this number. */
export function enter(pid: number): string[] {
  const which = ["--user", "--mount", "--uts", "--ipc", "--net", "--pid"];
  return [
    "nsenter",
    "--preserve-credentials",
    `--target=${pid}`,
    ...which,
    "--",
    "env",
    "-i",
    ...ENVIRONMENT,
  ];
}

/** Every living process of a namespaces realm in this folder, recorded or not. */
export function findHolders(folder: string): ProcessId[] {
  return findByArguments([HOLDER, folder]);
}

/**
 * Starts the realm; returns when it is ready. The folder must exist and be an absolute path. Failing, it leaves no
 * process behind.
 */
export async function startNamespaces(folder: string): Promise<void> {
  const logFile = path.join(folder, HOLDER_LOG);
  const log = fs.openSync(logFile, "a", 0o600);
  const which = ["--user", "--map-root-user", "--net", "--mount", "--pid", "--uts", "--ipc"];
  // --kill-child: when the outer half (unshare, which only waits) is killed, the holder must not live on.
  const argv = [...which, "--fork", "--kill-child=SIGKILL", "--", "bash", HOLDER, folder, randomUUID()];
  const child = spawn("unshare", argv, { detached: true, cwd: "/", stdio: ["ignore", "pipe", log] });
  fs.closeSync(log);
  const ready = await new Promise<boolean>((resolve, reject) => {
    child.once("error", (error) =>
      reject(new RealmError(`cannot run unshare (package util-linux): ${error.message}`)),
    );
    child.once("close", () => resolve(false));
    child.stdout?.once("data", () => resolve(true));
  });
  child.stdout?.destroy();
  child.unref();
  if (ready) return;
  throw new RealmError(`the twin's namespaces cannot be made: ${explain(fs.readFileSync(logFile, "utf8"))}`);
}

/** Settings that forbid user namespaces, each with the way out. Sources: user_namespaces(7), Ubuntu 24.04 notes. */
const OBSTACLES: { file: string; value: string; remedy: string }[] = [
  {
    file: "/proc/sys/kernel/unprivileged_userns_clone",
    value: "0",
    remedy: "allow it with `sudo sysctl kernel.unprivileged_userns_clone=1`, or run as root",
  },
  {
    file: "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    value: "1",
    remedy:
      "Ubuntu 24.04 and later forbid this to ordinary users: allow it with " +
      "`sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or run as root",
  },
  {
    file: "/proc/sys/user/max_user_namespaces",
    value: "0",
    remedy: "allow it with `sudo sysctl user.max_user_namespaces=10000`",
  },
];

/** Turns what unshare or the holder said into the cause and the way out. */
export function explain(said: string, read = readSetting): string {
  const text = lastLines(said) || "it ended without a word";
  for (const { file, value, remedy } of OBSTACLES) {
    if (read(file) === value) return `${text}\n${file} is ${value}: ${remedy}.`;
  }
  if (/Operation not permitted|Permission denied/.test(text)) {
    return (
      `${text}\nUser namespaces, or mounting /proc and /sys in them, are forbidden here. In a container this is the ` +
      "usual case: start it with --privileged (or --security-opt seccomp=unconfined --security-opt " +
      "systempaths=unconfined), or run on the machine itself."
    );
  }
  if (/No space left on device/.test(text)) {
    return `${text}\nThe limit user.max_user_namespaces (or of another namespace kind) is reached: raise it.`;
  }
  return text;
}

function readSetting(file: string): string | undefined {
  try {
    return fs.readFileSync(file, "utf8").trim();
  } catch {
    return undefined; // this kernel does not know the setting
  }
}
