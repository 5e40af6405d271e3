/** The engine that the tests run: the one that the launcher would use. */
import { chmodSync, cpSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lastLineOf } from "./repository";

let found: string | undefined;

/** The folder of the engine. Finds, downloads or builds it once in a run. */
export function engineFolder(): string {
  found ??= lastLineOf("scripts/engine/find");
  return found;
}

/**
 * A copy of the engine that every user may read, because a cache in root's home is only for root. Remove `own`
 * afterwards.
 */
export function readableEngine(): { own: string; readable: string } {
  const own = mkdtempSync(join(tmpdir(), "encaplab-engine-"));
  chmodSync(own, 0o755);
  const readable = join(own, "bin");
  cpSync(engineFolder(), readable, { recursive: true, dereference: true });
  return { own, readable };
}
