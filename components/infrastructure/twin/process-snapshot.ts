/** What really exists in a sandbox, read once for all parts that ask at the same moment. */
import { SIGNATURES } from "./apply";
import { ALTERED } from "./look";
import { findSandbox, runScript, type Sandbox } from "./sandbox";

/** What exists in a sandbox. */
export interface ProcessSnapshot {
  sandbox: Sandbox;
  /** By part name, the digest of the state to which the part was last brought. */
  signatures: ReadonlyMap<string, string>;
  /** Names of parts that were changed by hand since they were signed. */
  altered: ReadonlySet<string>;
}

/** How long one reading is reused after it was made, in milliseconds: an `up` asks for all its parts within a moment. */
const FRESH_MS = 500;

/** A reading, and the parts that this process has changed since it began. */
interface Reading {
  snapshot: Promise<ProcessSnapshot>;
  /** Undefined while it is being made. */
  at?: number;
  changed: Set<string>;
}

const readings = new Map<string, Reading>();

/**
 * Reads a sandbox, or reuses a recent reading.
 * @param part the part that is asked for: a reading older than its last change is not reused.
 * @returns undefined if no sandbox is alive in that folder.
 */
export async function takeSnapshot(folder: string, part: string): Promise<ProcessSnapshot | undefined> {
  const sandbox = findSandbox(folder);
  if (!sandbox) return undefined;
  const known = readings.get(sandbox.bootId);
  const isFresh = known && (known.at === undefined || Date.now() - known.at < FRESH_MS);
  if (isFresh && !known.changed.has(part)) return known.snapshot;
  const reading: Reading = { snapshot: count(sandbox), changed: new Set() };
  readings.set(sandbox.bootId, reading);
  try {
    return await reading.snapshot;
  } finally {
    reading.at = Date.now();
  }
}

/** Tells that this process changes a part. */
export const partChanges = ({ bootId }: Sandbox, part: string): unknown =>
  readings.get(bootId)?.changed.add(part);

async function count(sandbox: Sandbox): Promise<ProcessSnapshot> {
  const script = [
    "shopt -s nullglob",
    `for file in ${SIGNATURES}/*; do [[ $file == *.lock ]] || echo signature \${file##*/} "$(< $file)"; done`,
    ALTERED,
  ].join("\n");
  const lines = (await runScript(sandbox, script)).split("\n").map((line) => line.split(" "));
  const of = (kind: string) => lines.filter(([first]) => first === kind);
  return {
    sandbox,
    signatures: new Map(of("signature").map(([, part = "", digest = ""]) => [part, digest])),
    altered: new Set(of("altered").map(([, part = ""]) => part)),
  };
}
