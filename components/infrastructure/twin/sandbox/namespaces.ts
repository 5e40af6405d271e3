/**
 * The sandbox as namespaces of this machine: user, network, mount, pid, uts and ipc. It needs no privilege. It always
 * has its own user namespace, and so has no privilege over the machine: it cannot change the host's interfaces, routes,
 * sysctls, firewall or mounts, even if root starts it.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { enterPause, PauseError, startPause } from "../../runtime";
import { ENVIRONMENT, NAMESPACES, SCRIPTS } from "./environment";
import { lastLines, SandboxError } from "./error";

/**
 * argv that reads a whole script from its standard input, then runs it. Not `bash -s`: that reads a pipe byte by byte,
 * and every command in the script would have the script as its own input.
 */
const SCRIPT_ARGV = ["bash", "-c", 'exec 3<&-; eval "$(cat)"'];

/** argv for a script, and for a shell on a terminal, in the sandbox that this start in a folder has made. */
export function reachNamespaces(folder: string, bootId: string) {
  const inside = (...more: string[]) =>
    enterPause({ folder, bootId, namespaces: NAMESPACES, environment: ["-i", ...ENVIRONMENT, ...more] });
  return {
    scriptArgv: [...inside(), ...SCRIPT_ARGV],
    shellArgv: (namespace: string, type = process.env.TERM ?? "linux") => [
      ...inside(`TERM=${type}`),
      "/run/encaplab/bin/sandbox-shell",
      namespace,
    ],
  };
}

/**
 * Starts the sandbox; returns when it is ready, after about 50 ms. The folder must exist, and its path be absolute.
 * @throws {SandboxError} with the cause and what to do.
 */
export async function startNamespaces(folder: string, progress: (line: string) => void): Promise<void> {
  try {
    const script = path.join(SCRIPTS, "sandbox-pause.sh");
    await startPause({ folder, script, namespaces: NAMESPACES, progress });
  } catch (error) {
    if (!(error instanceof PauseError)) throw error;
    throw new SandboxError(
      `the twin's namespaces cannot be made: ${error.message}\n${explain(error.stderr)}`,
    );
  }
}

/** Settings that forbid user namespaces, each with what to do. Sources: user_namespaces(7), Ubuntu 24.04 notes. */
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

/** Explains an error of unshare or the pause process: its last lines, the cause, and what to do. */
export function explain(said: string, read = readSetting): string {
  const text = lastLines(said) || "(it said nothing)";
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
