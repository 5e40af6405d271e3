/** Failures that end a command, told in plain sentences. */

/** The command line's own exit codes. The exit code of a failing engine is returned unchanged. */
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

/** The engine failed and has shown why: only its exit code is left to return. */
export class EngineFailed extends Error {
  override readonly name = "EngineFailed";

  constructor(readonly exitCode: number) {
    super("The engine failed; the lines above say why.");
  }
}
