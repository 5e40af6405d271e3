/**
 * The sandbox as a small QEMU machine with Debian's kernel, for twins that need a driver which the running kernel
 * lacks. The machine's root is this computer's own file system, read-only, so both kinds of sandbox run the same
 * programs. Writes go to the machine's memory. Its only network is the access to its two control ports.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { enterPause, PauseError, startPause } from "../../runtime";
import { cpio, type Entry } from "./cpio";
import { ENVIRONMENT, NAMESPACES, SCRIPTS } from "./environment";
import { lastLines, SandboxError } from "./error";
import { bootModules, prepareImage } from "./image";

/**
 * Seconds without anything new on its console after which a machine that boots counts as hung. There is no limit for
 * the whole boot. Measured: under emulation, on two cores with ten busy processes, the longest silence was 7 s.
 */
export const SILENCE = 60;

/** argv for a script, and for a shell on a terminal, in the machine that this start in a folder has booted. */
export function reachMachine(folder: string, bootId: string) {
  // Do not enter the pid namespace: nsenter would stay as a parent process, and killing it would not end the
  // connection.
  const inside = enterPause({ folder, bootId, namespaces: ["user", "net"] });
  return {
    // -t: seconds to continue reading after the script is sent. socat's own default is half a second.
    scriptArgv: [
      ...inside,
      "bash",
      "-c",
      'exec 3<&-; exec "$@"',
      "bash",
      "socat",
      "-t",
      "864000",
      "-",
      "TCP:127.0.0.1:7001",
    ],
    shellArgv: (namespace: string) => [
      ...inside,
      "bash",
      path.join(SCRIPTS, "machine-terminal.sh"),
      namespace,
    ],
  };
}

/**
 * Starts the machine in an existing folder. Returns when it answers, after 10 to 60 s. If this process ends earlier,
 * the machine ends, too, and leaves no folder.
 * @throws {SandboxError} with what the console said last.
 */
export async function startMachine(folder: string, progress: (line: string) => void): Promise<void> {
  const image = await prepareImage(progress);
  fs.writeFileSync(path.join(folder, "initramfs"), initramfs(image));
  const started = Date.now();
  progress("Booting the QEMU machine that the twin needs for this encapsulation (10 to 60 s)");
  try {
    await bootMachine(folder, image, SILENCE, (line) =>
      progress(`The machine: ${line} (${Math.round((Date.now() - started) / 1000)} s)`),
    );
  } catch (error) {
    if (!(error instanceof PauseError)) throw error;
    // A kernel panic ends with a long trace. The cause is in the lines before it.
    const console = readText(path.join(folder, "console.log")).replace(/\n[^\n]*Kernel panic[\s\S]*/, "");
    const said = [error.stderr, console].map((text) => lastLines(text));
    throw new SandboxError(
      `the twin's QEMU machine does not start: ${error.message}\n${said.join("\n")}`.trimEnd(),
    );
  }
  progress(`The machine answers after ${Math.round((Date.now() - started) / 1000)} s`);
}

/**
 * Boots what is in the folder.
 * @param image folder of the kernel and its modules. @param silence as {@link SILENCE}.
 * @throws {PauseError} when the machine does not become ready.
 */
export const bootMachine = (
  folder: string,
  image: string,
  silence: number,
  progress: (line: string) => void,
): Promise<void> => {
  const script = path.join(SCRIPTS, "machine-pause.sh");
  return startPause({ folder, script, argv: [image, `${silence}`], namespaces: NAMESPACES, progress });
};

/** The machine's first root: busybox, the drivers that reach the host's files, and what both kinds of sandbox run. */
function initramfs(image: string): Buffer {
  const script = (name: string) => fs.readFileSync(path.join(SCRIPTS, name));
  const modules = bootModules(image);
  const tools = fs.readdirSync(path.join(SCRIPTS, "sandbox-bin"));
  const entries: Entry[] = [
    ...["bin", "modules", "proc", "sys", "root", "encaplab", "encaplab/bin"].map((name) => ({ name })),
    { name: "init", content: script("machine-initramfs.sh") },
    { name: "bin/busybox", content: fs.readFileSync(path.join(image, "busybox")) },
    { name: "modules/order", content: modules.map((file) => `${path.basename(file)}\n`).join("") },
    ...modules.map((file) => ({ name: `modules/${path.basename(file)}`, content: fs.readFileSync(file) })),
    { name: "encaplab/environment", content: ENVIRONMENT.map((line) => `${line}\n`).join("") },
    { name: "encaplab/machine-init.sh", content: script("machine-init.sh") },
    ...tools.map((name) => ({ name: `encaplab/bin/${name}`, content: script(`sandbox-bin/${name}`) })),
  ];
  return cpio(entries);
}

function readText(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return ""; // the machine did not get as far as its console
  }
}
