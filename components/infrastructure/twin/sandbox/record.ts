/**
 * The record of a sandbox in its lab folder: `sandbox.json`. The sandbox's own first process writes it, so that there is no
 * moment at which a sandbox runs without a record. It is replaced in one rename.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { isKnown } from "./process";

const schema = z.object({
  kind: z.enum(["namespaces", "machine"]),
  bootId: z.string(),
  /** pid of the sandbox's pause process on this machine */
  pid: z.number().int().positive(),
  startTime: z.number(),
  machineBoot: z.string(),
  /** user of the pause process, as this machine sees it; absent in records of earlier versions */
  user: z.number().optional(),
  /** its user, mount, PID and network namespaces, as in /proc/PID/ns */
  namespaces: z.array(z.string()).optional(),
  /** false while the sandbox is being built */
  ready: z.boolean(),
});

/** The content of `sandbox.json`. */
export type SandboxRecord = z.infer<typeof schema>;

/** The name of the file, and the one until version 0.1: `up` replaces such a sandbox, and `down` must still end it. */
const RECORD = "sandbox.json";
export const FORMER_RECORD = "realm.json";

/** The record in a folder, even if its sandbox is dead. Undefined if there is none, or it is invalid. */
export function readRecord(folder: string, name = RECORD): SandboxRecord | undefined {
  try {
    return schema.parse(JSON.parse(fs.readFileSync(path.join(folder, name), "utf8")));
  } catch {
    return undefined;
  }
}

/**
 * The record of a sandbox that is complete and alive, else undefined. The process must be the recorded one in every
 * respect, and the record ours: a folder that another user can write to may name any process.
 */
export function readLivingRecord(folder: string): SandboxRecord | undefined {
  const record = readRecord(folder);
  if (!record?.ready || !isOwn(folder)) return undefined;
  const { user, namespaces } = record;
  if (user === undefined || namespaces === undefined) return undefined;
  return isKnown({ ...record, user, namespaces }) ? record : undefined;
}

function isOwn(folder: string): boolean {
  const stat = fs.statSync(folder, { throwIfNoEntry: false });
  return stat !== undefined && stat.uid === process.geteuid?.() && (stat.mode & 0o022) === 0;
}
