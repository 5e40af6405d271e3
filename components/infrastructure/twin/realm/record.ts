/**
 * What a lab's folder remembers of its realm: `realm.json`, written by the realm's own first process (so that there is
 * no moment at which the realm runs and nobody knows), replaced in one rename.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { isAlive } from "./process";

const schema = z.object({
  kind: z.enum(["namespaces", "machine"]),
  bootId: z.string(),
  /** the process that holds the realm, as numbered on this machine */
  pid: z.number().int().positive(),
  startTime: z.number(),
  machineBoot: z.string(),
  /** false while the realm is being built */
  ready: z.boolean(),
});

/** See the file's comment. */
export type RealmRecord = z.infer<typeof schema>;

/** The record in a folder, whether or not its realm still lives; undefined when there is none or it makes no sense. */
export function readRecord(folder: string): RealmRecord | undefined {
  try {
    return schema.parse(JSON.parse(fs.readFileSync(path.join(folder, "realm.json"), "utf8")));
  } catch {
    return undefined;
  }
}

/** The record of a realm that is complete and alive, else undefined. */
export function readLivingRecord(folder: string): RealmRecord | undefined {
  const record = readRecord(folder);
  return record?.ready && isAlive(record) ? record : undefined;
}
