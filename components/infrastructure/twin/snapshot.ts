/** In which state the parts of a sandbox really are, read once for all that ask at the same moment. */
import { SIGNATURES } from "./apply";
import { ALTERED, alteredIn } from "./look";
import { findSandbox, runScript, type Sandbox } from "./sandbox";

/** In which state the parts are. */
export interface Snapshot {
  /** By part name, the digest of the state to which the part was last brought. */
  signatures: ReadonlyMap<string, string>;
  /** Names of parts that were changed by hand since they were signed. */
  altered: ReadonlySet<string>;
}

/** How long one reading is reused after it was made, in milliseconds: an `up` asks for all its parts within a moment. */
const FRESH_MS = 500;

/** A reading, and the parts that this process has changed since it began. */
interface Reading {
  snapshot: Promise<Snapshot>;
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
export async function takeSnapshot(folder: string, part: string): Promise<Snapshot | undefined> {
  const sandbox = findSandbox(folder);
  if (!sandbox) return undefined;
  const known = readings.get(sandbox.bootId);
  const isFresh = known && (known.at === undefined || Date.now() - known.at < FRESH_MS);
  if (isFresh && !known.changed.has(part)) return known.snapshot;
  const reading: Reading = { snapshot: read(sandbox), changed: new Set() };
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

async function read(sandbox: Sandbox): Promise<Snapshot> {
  const script = [
    ALTERED,
    `for file in ${SIGNATURES}/*; do [[ $file == *.lock ]] || echo signature \${file##*/} "$(< $file)"; done`,
  ].join("\n");
  const output = await runScript(sandbox, script);
  const signatures = output.matchAll(/^signature (\S+) (\S*)$/gm);
  return {
    signatures: new Map([...signatures].map(([, part = "", digest = ""]) => [part, digest])),
    altered: new Set(alteredIn(output)),
  };
}
