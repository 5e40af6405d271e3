/**
 * Pulumi's command and kubernetes plug-ins for a test's engine: the real ones if they are installed or can be
 * downloaded, else the stand-ins of test/standins, which say so in every output.
 */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { engineFolder } from "./engine";
import { userCache } from "./engine-environment";
import { lastLineOf, REPOSITORY } from "./repository";

const run = promisify(execFile);
const VENDOR = "https://get.pulumi.com/releases/plugins/";
/** Milliseconds. Detects a network that drops packets before the engine makes its own five attempts. */
const PATIENCE = 4000;

interface Plugin {
  name: string;
  version: string;
}

/** The plug-ins that this project's pinned SDKs ask the engine for. */
const PLUGINS: readonly Plugin[] = ["command", "kubernetes"].map((name) => {
  const file = join(REPOSITORY, "node_modules/@pulumi", name, "package.json");
  return { name, version: JSON.parse(readFileSync(file, "utf8")).pulumi.version };
});

/** Folder of downloads for tests. The user's own folder of plug-ins is read, but never written. */
const downloads = () => join(userCache(), "encaplab/plugins");
const homes = () => [process.env.PULUMI_HOME || join(homedir(), ".pulumi"), downloads()];

/** The folder of an installed plug-in. */
export function installed({ name, version }: Plugin, among: readonly string[] = homes()): string | undefined {
  return among
    .map((home) => join(home, "plugins", `resource-${name}-v${version}`))
    .find((folder) => existsSync(join(folder, `pulumi-resource-${name}`)));
}

let answer: Promise<readonly string[]> | undefined;

/**
 * What to put on PATH: one or more folders. The engine uses a plug-in that it finds there, whatever its version, and says
 * so in a warning.
 * @throws {Error} when there are no real plug-ins and the stand-ins cannot be built. The reason is on standard error.
 */
export function standIns(): Promise<readonly string[]> {
  answer ??= find();
  return answer;
}

async function find(): Promise<readonly string[]> {
  const missing = PLUGINS.filter((plugin) => !installed(plugin));
  if (missing.length > 0 && (await reachable())) await Promise.all(missing.map(download));
  const real = PLUGINS.map((plugin) => installed(plugin));
  // Either only real plug-ins or only stand-ins, so that it is clear what a run has tested.
  if (real.every((folder) => folder !== undefined)) return real;
  return [lastLineOf("test/standins/build")];
}

async function reachable(): Promise<boolean> {
  return fetch(VENDOR, { method: "HEAD", signal: AbortSignal.timeout(PATIENCE) }).then(
    () => true,
    () => false,
  );
}

async function download({ name, version }: Plugin): Promise<void> {
  const env = { ...process.env, PULUMI_HOME: downloads(), PULUMI_SKIP_UPDATE_CHECK: "true" };
  const argv = ["plugin", "install", "resource", name, version];
  await run(join(engineFolder(), "pulumi"), argv, { env }).catch((error: Error) =>
    process.stderr.write(`plug-ins: ${name} ${version} cannot be downloaded (${error.message.trim()})\n`),
  );
}
