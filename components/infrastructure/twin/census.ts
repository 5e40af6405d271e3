/** What really exists in a realm, read once for all parts that ask at the same moment. */
import { SIGNATURES } from "./apply";
import { findRealm, type Realm, runScript } from "./realm";

/** What exists in a realm. */
export interface Census {
  realm: Realm;
  /** By part name, the digest of the state to which the part was last brought. */
  signatures: ReadonlyMap<string, string>;
  namespaces: ReadonlySet<string>;
  /** Nodes whose BIRD runs. */
  birds: ReadonlySet<string>;
}

/** How long one reading is reused, in milliseconds: an `up` asks for all its parts within a moment. */
const FRESH_MS = 500;

const counts = new Map<string, { at: number; census: Promise<Census> }>();

/** Reads a realm, or reuses a recent reading. @returns undefined if no realm is alive in that folder. */
export async function takeCensus(folder: string): Promise<Census | undefined> {
  const realm = findRealm(folder);
  if (!realm) return undefined;
  const known = counts.get(realm.bootId);
  if (known && Date.now() - known.at < FRESH_MS) return known.census;
  const census = count(realm);
  counts.set(realm.bootId, { at: Date.now(), census });
  return census;
}

async function count(realm: Realm): Promise<Census> {
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
  ].join("\n");
  const lines = (await runScript(realm, script)).split("\n").map((line) => line.split(" "));
  const of = (kind: string) => lines.filter(([first]) => first === kind);
  return {
    realm,
    signatures: new Map(of("signature").map(([, part = "", digest = ""]) => [part, digest])),
    namespaces: new Set(of("namespace").map(([, name = ""]) => name)),
    birds: new Set(of("bird").map(([, name = ""]) => name)),
  };
}
