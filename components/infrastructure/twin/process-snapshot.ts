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
  namespaces: ReadonlySet<string>;
  /** Nodes whose BIRD runs. */
  birds: ReadonlySet<string>;
}

/** How long one reading is reused, in milliseconds: an `up` asks for all its parts within a moment. */
const FRESH_MS = 500;

const counts = new Map<string, { at: number; snapshot: Promise<ProcessSnapshot> }>();

/** Reads a sandbox, or reuses a recent reading. @returns undefined if no sandbox is alive in that folder. */
export async function takeSnapshot(folder: string): Promise<ProcessSnapshot | undefined> {
  const sandbox = findSandbox(folder);
  if (!sandbox) return undefined;
  const known = counts.get(sandbox.bootId);
  if (known && Date.now() - known.at < FRESH_MS) return known.snapshot;
  const snapshot = count(sandbox);
  counts.set(sandbox.bootId, { at: Date.now(), snapshot });
  return snapshot;
}

async function count(sandbox: Sandbox): Promise<ProcessSnapshot> {
  const script = [
    "shopt -s nullglob",
    "for file in /run/netns/*; do echo namespace ${file##*/}; done",
    `for file in ${SIGNATURES}/*; do [[ $file == *.lock ]] || echo signature \${file##*/} "$(< $file)"; done`,
    "for file in /run/bird/*.pid; do",
    '  read -r line 2> /dev/null < "/proc/$(< $file)/stat" || continue',
    // Skip zombies: they are still listed but already dead.
    '  [[ $line == *"(bird)"* && $line != *") Z "* ]] || continue',
    "  name=${file##*/}; echo bird ${name%.pid}",
    "done",
    ALTERED,
  ].join("\n");
  const lines = (await runScript(sandbox, script)).split("\n").map((line) => line.split(" "));
  const of = (kind: string) => lines.filter(([first]) => first === kind);
  return {
    sandbox,
    signatures: new Map(of("signature").map(([, part = "", digest = ""]) => [part, digest])),
    altered: new Set(of("altered").map(([, part = ""]) => part)),
    namespaces: new Set(of("namespace").map(([, name = ""]) => name)),
    birds: new Set(of("bird").map(([, name = ""]) => name)),
  };
}
