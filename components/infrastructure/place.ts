/** A lab's place on this machine: the folder by which all that it made here is found again. */
import { randomUUID } from "node:crypto";
import * as os from "node:os";
import * as path from "node:path";
import type { Part } from "./part";

/** Where labs keep what lives: the user's state folder (XDG Base Directory Specification). */
const STATE_HOME = process.env.XDG_STATE_HOME || path.join(os.homedir(), ".local", "state");

/**
 * A part that makes nothing but a name no other lab has, and removes everything: it is recorded before anything real
 * exists, so whatever an interrupted `up` leaves behind, a destroy finds it here.
 *
 * @param kind the folder of all such places.
 * @param end ends all that lives there, also where nothing does.
 */
export const placeOf = (
  kind: "twins" | "containers",
  end: (folder: string) => Promise<void>,
): Part<{ stack: string }, { folder: string }> => ({
  create: async ({ stack }) => ({
    folder: path.join(STATE_HOME, "encaplab", kind, `${stack}-${randomUUID().slice(0, 8)}`),
  }),
  changed: async () => false,
  update: async (_inputs, { folder }) => ({ folder }),
  remove: ({ folder }) => end(folder),
});
