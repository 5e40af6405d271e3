/** The checkout under test, and its scripts that print their answer in their last line. */
import { execFileSync } from "node:child_process";
import { join, resolve } from "node:path";

/** The folder of the checkout. */
export const REPOSITORY = resolve(__dirname, "../..");

/**
 * Runs one of the checkout's bash scripts. Its standard error is shown, because a first run may take minutes.
 * @param script its path in the checkout.
 * @returns the last line of its standard output.
 * @throws {Error} when it fails.
 */
export function lastLineOf(script: string, ...argv: string[]): string {
  const said = execFileSync("bash", [join(REPOSITORY, script), ...argv], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  return said.trim().split("\n").at(-1) ?? "";
}
