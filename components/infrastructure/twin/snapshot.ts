/** In which state the parts of a sandbox really are, read once for all that ask at the same moment. */
import { nodePart, SIGNATURES } from "./apply";
import { alteredIn, findAltered } from "./look";
import { findSandbox, runScript, type Sandbox } from "./sandbox";

/** In which state the parts are. */
export interface Snapshot {
  /** By part name, the digest of the state to which the part was last brought. */
  signatures: ReadonlyMap<string, string>;
  /** Names of parts that were changed by hand since they were signed. */
  altered: ReadonlySet<string>;
}

/** A reading, and the parts that it must not answer for: those that it was asked for, and those that were changed since. */
interface Reading {
  snapshot: Promise<Snapshot>;
  answered: Set<string>;
}

const readings = new Map<string, Reading>();

/**
 * The parts that are read together. Where all nodes change, as in a switch, only the others are asked for, and a look at each
 * node of a large lab takes long.
 */
const groupOf = (part: string): string => (part.startsWith(nodePart("")) ? nodePart("*") : "!(node-*)");

/**
 * Reads a sandbox, or uses what was read before: a reading answers once for each part. So an `up` reads once, however many parts
 * ask, and after a preview it reads again.
 * @returns undefined if no sandbox is alive in that folder.
 */
export async function takeSnapshot(folder: string, part: string): Promise<Snapshot | undefined> {
  const sandbox = findSandbox(folder);
  if (!sandbox) return undefined;
  const key = `${sandbox.bootId} ${groupOf(part)}`;
  const known = readings.get(key);
  const reading =
    known && !known.answered.has(part)
      ? known
      : { snapshot: read(sandbox, groupOf(part)), answered: new Set<string>() };
  readings.set(key, reading);
  reading.answered.add(part);
  return reading.snapshot;
}

/** Tells that this process changes a part. */
export const partChanges = ({ bootId }: Sandbox, part: string): unknown =>
  readings.get(`${bootId} ${groupOf(part)}`)?.answered.add(part);

async function read(sandbox: Sandbox, parts: string): Promise<Snapshot> {
  const script = [
    "shopt -s extglob",
    findAltered(parts),
    `for file in ${SIGNATURES}/*; do [[ $file == *.lock ]] || echo signature \${file##*/} "$(< $file)"; done`,
  ].join("\n");
  const output = await runScript(sandbox, script);
  const signatures = output.matchAll(/^signature (\S+) (\S*)$/gm);
  return {
    signatures: new Map([...signatures].map(([, part = "", digest = ""]) => [part, digest])),
    altered: new Set(alteredIn(output)),
  };
}
