/**
 * What went wrong in or with a realm, told so that the reader knows the way out. `exitCode` is set when a script ran
 * and failed, and undefined when it could not be run at all; `stderr` then holds the script's last lines.
 */
export class RealmError extends Error {
  override readonly name = "RealmError";

  constructor(
    message: string,
    readonly exitCode?: number,
    readonly stderr = "",
  ) {
    super(message);
  }
}

/** The last lines of a text, without the empty ones at its end: what an error message can afford to quote. */
export function lastLines(text: string, count = 12): string {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}

/** What to say where a lab's realm should run and does not. */
export const realmEnded = (folder: string): Error =>
  new Error(`the twin's realm in ${folder} has ended; run \`up\` again to rebuild it`);
