/** The lab folder on this machine, by which everything that the lab made here is found again. */
import { randomUUID } from "node:crypto";
import * as os from "node:os";
import * as path from "node:path";
import type { DynamicProvider } from "../remote/dynamic";

/** The user's state folder, which contains all lab folders (XDG Base Directory Specification). */
export const STATE_HOME = process.env.XDG_STATE_HOME || path.join(os.homedir(), ".local", "state");

/**
 * Dynamic resource whose creation only chooses a folder name that no other lab has, and whose removal ends everything
 * in that folder. It is recorded before anything real exists, so a destroy finds whatever an interrupted `up` has left.
 *
 * @param kind name of the folder of all such lab folders.
 * @param end ends everything that runs in the folder. Must succeed if nothing does.
 */
export const labFolder = (
  kind: "twins" | "containers",
  end: (folder: string) => Promise<void>,
): DynamicProvider<{ stack: string }, { folder: string }> => ({
  create: async ({ stack }) => ({
    folder: path.join(STATE_HOME, "encaplab", kind, `${stack}-${randomUUID().slice(0, 8)}`),
  }),
  changed: async () => false,
  update: async (_inputs, { folder }) => ({ folder }),
  remove: ({ folder }) => end(folder),
});
