/**
 * An error in or with a realm, with a message that says what to do. `exitCode` is set if a script ran and failed, and
 * undefined if it could not be run at all. `stderr` contains the script's last lines.
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

/** The last lines of a text, without empty ones at its end: short enough to quote in an error message. */
export function lastLines(text: string, count = 12): string {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}

/** The error for a lab whose realm should run and does not. */
export const realmEnded = (folder: string): Error =>
  new Error(`the twin's realm in ${folder} has ended; run \`up\` again to rebuild it`);
