/** In which state the parts of a sandbox really are, read once for all that ask at the same moment. */
import { nodePart, SIGNATURES } from "./apply";
import { alteredIn, findAltered, LOOKS } from "./look";
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

const isNode = (part: string): boolean => part.startsWith(nodePart(""));
const keyOf = ({ bootId }: Sandbox, ofNodes: boolean): string => `${bootId} ${ofNodes}`;

/** Up to this number of nodes, they are read together with the other parts: a second reading would take longer. */
const FEW_NODES = 16;

/**
 * Reads a sandbox, or uses what was read before: a reading answers once for each part. So an `up` reads once, however many parts
 * ask, and after a preview it reads again. The many nodes of a large lab are a reading of their own, because where all of them
 * change, as in a switch, only the other parts ask.
 * @returns undefined if no sandbox is alive in that folder.
 */
export async function takeSnapshot(folder: string, part: string): Promise<Snapshot | undefined> {
  const sandbox = findSandbox(folder);
  if (!sandbox) return undefined;
  const known = readings.get(keyOf(sandbox, isNode(part)));
  const reading = known && !known.answered.has(part) ? known : begin(sandbox, isNode(part));
  reading.answered.add(part);
  return reading.snapshot;
}

/** Tells that this process changes a part. */
export const partChanges = (sandbox: Sandbox, part: string): unknown =>
  readings.get(keyOf(sandbox, isNode(part)))?.answered.add(part);

function begin(sandbox: Sandbox, ofNodes: boolean): Reading {
  const snapshot = read(sandbox, ofNodes);
  const reading: Reading = {
    answered: new Set(),
    snapshot: snapshot.then((read) => {
      if (read.hasNodes) readings.set(keyOf(sandbox, true), reading);
      return read;
    }),
  };
  readings.set(keyOf(sandbox, ofNodes), reading);
  return reading;
}

async function read(sandbox: Sandbox, ofNodes: boolean): Promise<Snapshot & { hasNodes: boolean }> {
  const script = [
    "shopt -s extglob nullglob",
    `nodes=(${LOOKS}/${nodePart("*")}.look)`,
    ofNodes ? `parts='${nodePart("*")}'` : `parts='!(${nodePart("*")})'`,
    `((\${#nodes[@]} > ${FEW_NODES})) || { parts='*'; echo nodes too; }`,
    findAltered("$parts"),
    `for file in ${SIGNATURES}/*; do [[ $file == *.lock ]] || echo signature \${file##*/} "$(< $file)"; done`,
  ].join("\n");
  const output = await runScript(sandbox, script);
  const signatures = output.matchAll(/^signature (\S+) (\S*)$/gm);
  return {
    signatures: new Map([...signatures].map(([, part = "", digest = ""]) => [part, digest])),
    altered: new Set(alteredIn(output)),
    hasNodes: /^nodes too$/m.test(output),
  };
}
