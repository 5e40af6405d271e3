/** The command lines of this machine, node containers included: what any user of it can read. */
import { createHash } from "node:crypto";
import * as fs from "node:fs";

/** @param wanted is given the process's folder below /proc. */
function commandLines(wanted: (folder: string) => boolean = () => true): string[] {
  return fs.readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) return [];
    try {
      const folder = `/proc/${entry}`;
      return wanted(folder) ? [fs.readFileSync(`${folder}/cmdline`, "utf8").replaceAll("\0", " ")] : [];
    } catch {
      return []; // it has ended meanwhile
    }
  });
}

/** Those of the nodes whose lab lives in this folder. */
export function onNodes(folder: string): string[] {
  const group = `/encaplab-${createHash("sha1").update(folder).digest("hex").slice(0, 10)}/`;
  return commandLines((process) => fs.readFileSync(`${process}/cgroup`, "utf8").includes(group));
}

/** All that were seen while work went on. */
export async function seenDuring(work: Promise<unknown>): Promise<Set<string>> {
  const seen = new Set<string>();
  const timer = setInterval(() => {
    for (const line of commandLines()) seen.add(line);
  }, 50);
  try {
    await work;
  } finally {
    clearInterval(timer);
  }
  return seen;
}
