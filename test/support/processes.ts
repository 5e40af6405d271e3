/** The command lines on this machine, including node containers: every user can read them. */
import { createHash } from "node:crypto";
import * as fs from "node:fs";

/** @param wanted gets the process's folder below /proc. */
function commandLines(wanted: (folder: string) => boolean = () => true): string[] {
  return fs.readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) return [];
    try {
      const folder = `/proc/${entry}`;
      return wanted(folder) ? [fs.readFileSync(`${folder}/cmdline`, "utf8").replaceAll("\0", " ")] : [];
    } catch {
      return []; // the process has ended
    }
  });
}

/** The command lines on the nodes of the lab in this folder. */
export function onNodes(folder: string): string[] {
  const group = `/encaplab-${createHash("sha1").update(folder).digest("hex").slice(0, 10)}/`;
  return commandLines((process) => fs.readFileSync(`${process}/cgroup`, "utf8").includes(group));
}

/** All command lines that were seen during some work. */
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
