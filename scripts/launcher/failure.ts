/** What ends a word of the launcher short, told in plain sentences. */

/** Exit codes of the launcher's own; a failing engine's exit code is passed on as it is. */
export const DISAGREES = 1;
export const BAD_USAGE = 2;

/** A failure whose message is for the user: it is shown without a stack trace. */
export class Failure extends Error {
  override readonly name = "Failure";

  /** @param exitCode 2 when what was typed, or the config, cannot be used; 1 for everything else. */
  constructor(
    message: string,
    readonly exitCode: 1 | 2,
  ) {
    super(message);
  }
}

/** What was typed cannot be done. */
export const badUsage = (message: string): Failure => new Failure(message, BAD_USAGE);

/** Shows a line that is not the word's result: results alone go to standard output, where `--json` is read from. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
