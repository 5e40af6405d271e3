/** Makes the program fail after all its resources are in place. */

/** Node's main module when the engine runs a program, and not when a program of its own drives the engine. */
const RUN_BY_ENGINE = /[\\/]@pulumi[\\/]pulumi[\\/]cmd[\\/]run\b/;

/**
 * The exit code of a program that has failed and has said why. For any other code but 0, the engine would add that the
 * program "exited with non-zero exit code" (pulumi/sdk/nodejs/cmd/pulumi-language-nodejs/main.go,
 * `nodeJSProcessExitedAfterLoggingUserActionableMessage`).
 */
const FAILED_AND_SAID_WHY = 32;

/**
 * Lets the update fail at its very end. The stack's outputs are recorded by then, and the engine has deleted what is no
 * longer in the program, unless the language host is too old for `SignalAndWaitForShutdown`: then the next update that
 * succeeds deletes it. An error that is thrown or rejected would come before both. `pulumi.log.error` alone fails only a
 * program that the Automation API runs inline, where this function does nothing.
 */
export function failWhenDone(program: Pick<NodeJS.Process, "argv" | "once" | "exitCode"> = process): void {
  if (!RUN_BY_ENGINE.test(program.argv[1] ?? "")) return;
  program.once("exit", (code: number) => {
    if (code === 0) program.exitCode = FAILED_AND_SAID_WHY;
  });
}
