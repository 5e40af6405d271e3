/**
 * The record of a sandbox in its lab folder: `sandbox.json`. The sandbox's own first process writes it, so that there is no
 * moment at which a sandbox runs without a record. It is replaced in one rename.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { isAlive } from "./process";

const schema = z.object({
  kind: z.enum(["namespaces", "machine"]),
  bootId: z.string(),
  /** pid of the sandbox's pause process on this machine */
  pid: z.number().int().positive(),
  startTime: z.number(),
  machineBoot: z.string(),
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

/** The record of a sandbox that is complete and alive, else undefined. */
export function readLivingRecord(folder: string): SandboxRecord | undefined {
  const record = readRecord(folder);
  return record?.ready && isAlive(record) ? record : undefined;
}
