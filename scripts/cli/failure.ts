/** Failures that end a command of the launcher, told in plain sentences. */

/** The launcher's own exit codes. The exit code of a failing engine is returned unchanged. */
export const DISAGREES = 1;
export const BAD_USAGE = 2;

/** A failure whose message is for the user: it is shown without a stack trace. */
export class Failure extends Error {
  override readonly name = "Failure";

  /** @param exitCode 2 when the command line or the config is wrong; 1 for everything else. */
  constructor(
    message: string,
    readonly exitCode: 1 | 2,
  ) {
    super(message);
  }
}

/** A failure with exit code 2: the command line or the config is wrong. */
export const badUsage = (message: string): Failure => new Failure(message, BAD_USAGE);

/** Writes a line to standard error. Only a command's result goes to standard output, where programs read `--json`. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
