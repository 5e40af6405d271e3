/**
 * An error in or with a sandbox, with a message that says what to do. `exitCode` is set if a script ran and failed, and
 * undefined if it could not be run at all. `stderr` contains the script's last lines.
 */
export class SandboxError extends Error {
  override readonly name = "SandboxError";

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

/** The error for a lab whose sandbox should run and does not. */
export const sandboxEnded = (folder: string): Error =>
  new Error(`the twin's sandbox in ${folder} has ended; run \`up\` again to rebuild it`);
