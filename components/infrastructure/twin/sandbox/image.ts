/**
 * What a machine boots: Debian's kernel with its network drivers, and busybox, in the user's cache. `scripts/setup
 * prepare machine` puts it there before the engine starts; plain `pulumi up` gets it here. Nothing is
 * installed.
 */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { scriptPath } from "../../../scripts";
import { lastLines, SandboxError } from "./error";

/** The drivers that reach the host's files. All others are loaded from there. */
const FIRST_MODULES = ["virtio_pci", "9pnet_virtio", "9p"];

/**
 * The folder of a complete image: `vmlinux`, `busybox`, `lib/modules`. Taken from the cache, whatever its version, or
 * else made (70 MB are downloaded). Two processes may make it at the same time.
 * @param progress gets a line every few seconds while the image is made.
 * @throws {SandboxError} if QEMU or one of its helpers is not installed, or the image cannot be made; it says what to
 * do.
 */
export async function prepareImage(progress: (line: string) => void): Promise<string> {
  const tools = await bash([scriptPath("setup"), "check", "machine"], () => {});
  if (tools.status !== 0) throw new SandboxError(`the twin's QEMU machine cannot start.\n${tools.stderr}`);
  const image = await bash([scriptPath("twin/machine-image.sh")], progress);
  if (image.status !== 0) throw new SandboxError(lastLines(image.stderr));
  return image.stdout.trimEnd();
}

/** The files of the first drivers, each after those it depends on. */
export function bootModules(image: string): string[] {
  const folder = moduleFolder(image);
  const lines = fs.readFileSync(path.join(folder, "modules.dep"), "utf8").trimEnd().split("\n");
  const order = new Set<string>();
  for (const name of FIRST_MODULES) {
    const line = lines.find((one) => one.split(":")[0]?.endsWith(`/${name}.ko`));
    // A line is "module: needed later … needed first".
    for (const file of line?.split(/:? /).reverse() ?? []) if (file) order.add(path.join(folder, file));
  }
  return [...order];
}

function moduleFolder(image: string): string {
  const modules = path.join(image, "lib/modules");
  return path.join(modules, fs.readdirSync(modules)[0] as string);
}

interface Ended {
  /** null if a signal ended it. */
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs one of our scripts. Each line of its standard error is progress. */
function bash(argv: string[], progress: (line: string) => void): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn("bash", argv, { stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    const stderr: string[] = [];
    child.stdout.on("data", (data) => {
      stdout += data;
    });
    createInterface(child.stderr).on("line", (line) => {
      stderr.push(line);
      progress(line);
    });
    child.once("error", (error) => reject(new SandboxError(`cannot run bash: ${error.message}`)));
    child.once("close", (status) => resolve({ status, stdout, stderr: stderr.join("\n") }));
  });
}
