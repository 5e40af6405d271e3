/** Which engine is there already. Gets none. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/** The engine on PATH, else the newest one in the cache, in a few words; undefined when there is none. */
export function engineAtHand(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const asked = spawnSync("pulumi", ["version"], {
    encoding: "utf8",
    env: { ...env, PULUMI_SKIP_UPDATE_CHECK: "true" },
  });
  if (!asked.error && asked.status === 0) return `pulumi ${asked.stdout.trim()}, on PATH`;
  return cached(
    path.join(env.XDG_CACHE_HOME || path.join(env.HOME ?? os.homedir(), ".cache"), "encaplab/engine"),
  );
}

/** `scripts/engine/find` writes two files beside the engine: its version, and where it came from. */
function cached(folder: string): string | undefined {
  const names = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
  const engines = names
    .map((name) => path.join(folder, name))
    .filter((engine) => fs.existsSync(path.join(engine, "version")))
    .sort((a, b) => fs.statSync(b).mtimeMs - fs.statSync(a).mtimeMs);
  const [newest] = engines;
  if (!newest) return undefined;
  const text = (name: string) => fs.readFileSync(path.join(newest, name), "utf8").trim();
  return `pulumi v${text("version")}, ${text("source")}`;
}
