/**
 * What a machine boots: Debian's kernel with its network drivers, and busybox. They are unpacked from Debian's packages
 * into the user's cache folder and not installed: /boot, /lib/modules and the boot loader stay as they are. apt checks
 * the packages by its signatures.
 */
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { lastLines, SandboxError } from "./error";
import { startTime } from "./process";

const run = promisify(execFile);
const APT = { LC_ALL: "C", PATH: `${process.env.PATH ?? ""}:/usr/sbin:/sbin` };

/** Increase this when what is unpacked, or how, changes. An image of another form is then not used. */
const FORM = "1";

/** Programs that this computer needs for a machine, each with its package (names as in Debian and Ubuntu). */
const PROGRAMS = { "qemu-system-x86_64": "qemu-system-x86", socat: "socat", depmod: "kmod", xz: "xz-utils" };

/** The files of the kernel's package that are unpacked: 65 of 400 MB. */
const PARTS = [
  "./boot/vmlinuz-*",
  "./lib/modules/*/modules.*",
  ...["net", "lib", "crypto", "arch", "fs/9p", "fs/netfs", "fs/fscache", "drivers/virtio", "drivers/net"].map(
    (part) => `./lib/modules/*/kernel/${part}`,
  ),
];
const LEFT_OUT = ["ethernet", "wireless", "usb"].map((part) => `--exclude=*/drivers/net/${part}`);

/** The drivers that reach the host's files. All others are loaded from there. */
const FIRST_MODULES = ["virtio_pci", "9pnet_virtio", "9p"];

/** The folder of all images: `$XDG_CACHE_HOME/encaplab/machine`. Default: the same below ~/.cache. */
export function imageCache(): string {
  const cache = process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache");
  return path.join(cache, "encaplab", "machine");
}

/**
 * The folder of a complete image: `vmlinux`, `busybox`, `lib/modules`. Taken from the cache, whatever its version, or
 * else made. Two processes may make it at the same time.
 * @throws {SandboxError} that says what to install.
 */
export async function prepareImage(progress: (line: string) => void): Promise<string> {
  await requirePrograms(progress);
  const image = path.join(imageCache(), `form-${FORM}`);
  if (fs.existsSync(image)) return image;
  fs.mkdirSync(imageCache(), { recursive: true });
  removeAbandoned();
  const work = path.join(imageCache(), `unfinished-${process.pid}-${startTime(process.pid)}`);
  fs.mkdirSync(work, { recursive: true });
  try {
    progress("Fetching Debian's kernel for the QEMU machine (70 MB, once)");
    await unpackKernel(work);
    await unpackBusybox(work);
    fs.renameSync(work, image); // the image is complete or does not exist
  } catch (error) {
    if (!fs.existsSync(image)) throw error; // otherwise another process was faster
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
  return image;
}

/** Removes the folders of processes that were killed halfway: their names contain pid and start time. */
function removeAbandoned(): void {
  for (const name of fs.readdirSync(imageCache())) {
    const [, pid, since] = name.match(/^unfinished-(\d+)-(\d+)$/) ?? [];
    if (pid && startTime(Number(pid)) !== Number(since)) {
      fs.rmSync(path.join(imageCache(), name), { recursive: true, force: true });
    }
  }
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

async function unpackKernel(work: string): Promise<void> {
  const { stdout } = await apt(work, "apt-cache", ["depends", "linux-image-amd64"]);
  const name = stdout.match(/Depends: (linux-image-\S+)/)?.[1];
  if (!name) throw new SandboxError(`apt finds no Debian kernel (package linux-image-amd64). ${WAY_OUT}`);
  const file = await download(work, name);
  const tar = ["--extract", "--directory=.", "--wildcards", ...LEFT_OUT, ...PARTS];
  await run(
    "bash",
    ["-c", 'set -o pipefail; dpkg-deb --fsys-tarfile "$1" | tar "${@:2}"', "-", file, ...tar],
    {
      cwd: work,
    },
  );
  await run("depmod", ["-b", work, name.replace("linux-image-", "")], { env: APT });
  const packed = path.join(work, "boot", fs.readdirSync(path.join(work, "boot"))[0] as string);
  await writeUnpackedKernel(packed, path.join(work, "vmlinux"));
  fs.rmSync(path.join(work, "boot"), { recursive: true });
  fs.rmSync(file);
}

/**
 * Extracts the kernel from its self-unpacking file, which would take four seconds to unpack itself under emulation.
 * QEMU boots the bare kernel by PVH. Offsets: Documentation/arch/x86/boot.rst of the kernel.
 */
async function writeUnpackedKernel(packed: string, target: string): Promise<void> {
  const bytes = fs.readFileSync(packed);
  const setup = (bytes.readUInt8(0x1f1) + 1) * 512;
  const start = setup + bytes.readUInt32LE(0x248);
  const payload = bytes.subarray(start, start + bytes.readUInt32LE(0x24c));
  if (payload.readUInt32BE(0) !== 0xfd377a58) {
    throw new SandboxError(`Debian's kernel is not packed with xz as expected (${packed}). ${WAY_OUT}`);
  }
  fs.writeFileSync(`${target}.xz`, payload);
  // The kernel's size follows the xz stream, and xz does not accept it as padding. So read one stream only.
  await run("xz", ["--decompress", "--single-stream", "--keep", `${target}.xz`]);
  fs.rmSync(`${target}.xz`);
}

async function unpackBusybox(work: string): Promise<void> {
  const file = await download(work, "busybox-static");
  await run("dpkg-deb", ["--extract", file, "busybox.d"], { cwd: work });
  fs.renameSync(path.join(work, "busybox.d/bin/busybox"), path.join(work, "busybox"));
  fs.rmSync(path.join(work, "busybox.d"), { recursive: true });
  fs.rmSync(file);
}

const WAY_OUT =
  "`sudo apt-get update` may help; on another distribution, `sudo modprobe ipip` lets the twin run without a machine.";

/** Fetches a package into the folder and returns its file. */
async function download(work: string, name: string): Promise<string> {
  // As root, apt would fetch as the user _apt, which may not write here.
  await apt(work, "apt-get", ["download", "-o", "APT::Sandbox::User=root", name]);
  const file = fs.readdirSync(work).find((one) => one.startsWith(`${name}_`));
  if (!file) throw new SandboxError(`apt-get download ${name} left no file. ${WAY_OUT}`);
  return path.join(work, file);
}

async function apt(cwd: string, command: string, argv: string[]) {
  try {
    return await run(command, argv, { cwd, env: { ...process.env, ...APT } });
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    const cause = code === "ENOENT" ? `there is no ${command} on this computer` : lastLines(stderr ?? "", 4);
    throw new SandboxError(
      `cannot fetch the machine's kernel (${command} ${argv.join(" ")}): ${cause}\n${WAY_OUT}`,
    );
  }
}

/** Makes sure that QEMU and its helpers exist. As root it installs them, otherwise it says what to install. */
async function requirePrograms(progress: (line: string) => void): Promise<void> {
  if (process.arch !== "x64") {
    throw new SandboxError(
      `the machine sandbox is built for x86-64 only, and this is ${process.arch}. ${WAY_OUT}`,
    );
  }
  const folders = APT.PATH.split(":");
  const packages = Object.entries(PROGRAMS)
    .filter(([name]) => !folders.some((folder) => folder && fs.existsSync(path.join(folder, name))))
    .map(([, name]) => name);
  if (packages.length === 0) return;
  const install = ["install", "--yes", "--no-install-recommends", ...packages];
  if (process.getuid?.() !== 0) {
    throw new SandboxError(
      `the twin's QEMU machine needs programs that are not installed: sudo apt-get ${install.join(" ")}`,
    );
  }
  progress(`Installing ${packages.join(", ")}`);
  await apt("/", "apt-get", ["-qq", ...install]);
}
