/**
 * The record of a realm in its lab folder: `realm.json`. The realm's own first process writes it, so that there is no
 * moment at which a realm runs without a record. It is replaced in one rename.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { isAlive } from "./process";

const schema = z.object({
  kind: z.enum(["namespaces", "machine"]),
  bootId: z.string(),
  /** pid of the realm's holder on this machine */
  pid: z.number().int().positive(),
  startTime: z.number(),
  machineBoot: z.string(),
  /** false while the realm is being built */
  ready: z.boolean(),
});

/** The content of `realm.json`. */
export type RealmRecord = z.infer<typeof schema>;

/** The record in a folder, even if its realm is dead. Undefined if there is none, or it is invalid. */
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
