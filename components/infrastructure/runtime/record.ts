/**
 * The record of a pause process in its lab folder: `sandbox.json`. The pause process itself writes it, so that there is no
 * moment at which namespaces exist without a record. It is replaced in one rename.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";

const schema = z.object({
  kind: z.enum(["namespaces", "machine", "containers"]),
  /** unique per start */
  bootId: z.string(),
  /** pid of the pause process on this machine, when it started in clock ticks since the boot, and the id of that boot */
  pid: z.number().int().positive(),
  startTime: z.number(),
  machineBoot: z.string(),
  /** user of the pause process, as this machine sees it; absent in records of earlier versions */
  user: z.number().optional(),
  /** its user, mount, PID and network namespaces, as in /proc/PID/ns; absent in records of earlier versions */
  namespaces: z.array(z.string()).optional(),
  /** false while the namespaces are being filled */
  ready: z.boolean(),
});

/** The content of `sandbox.json`. */
export type PauseRecord = z.infer<typeof schema>;

/** The record in a folder, even if its process is dead. Undefined if there is none, or it is invalid. */
export function readRecord(folder: string, name = "sandbox.json"): PauseRecord | undefined {
  try {
    return schema.parse(JSON.parse(fs.readFileSync(path.join(folder, name), "utf8")));
  } catch {
    return undefined;
  }
}

/**
 * Whether the recorded process still runs. A zombie does not: it waits for a parent that may never reap it. Only says
 * whether there is something to enter, and starts no process: scripts/runtime/recorded.pl holds every field against the
 * process. Source of every number: proc(5).
 */
export function isAlive({ pid, startTime, machineBoot }: PauseRecord): boolean {
  try {
    const text = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name, in parentheses, may itself contain spaces and parentheses: count from the last one.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const isLiving = !["Z", "X"].includes(fields[0] ?? "") && Number(fields[19]) === startTime;
    // A record from before a reboot matches no living process.
    return isLiving && machineBoot === fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return false;
  }
}
