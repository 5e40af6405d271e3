/** The files that a measuring command writes for others to read: JSON, JUnit, Markdown. */
import * as fs from "node:fs";
import { badUsage, Failure } from "./failure";
import { typed } from "./invocation";
import { say } from "./terminal";

/**
 * Writes one, and says so.
 * @param append for Markdown: a CI job's summary may have something in it already.
 * @throws {Failure} when it cannot be written.
 */
export function writeReport(file: string, text: string, { append = false } = {}): void {
  try {
    fs.writeFileSync(file, text, { flag: append ? "a" : "w" });
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    throw new Failure(`The lab was measured, but ${file} cannot be written (${code}).`, 1);
  }
  say(`Written: ${file}`);
}

/**
 * The option `--json` of a command may be without a value, and a lab's name behind it would become one.
 * @throws {Failure} when its value is no file.
 */
export function requireFile(json: string | boolean | undefined, command: string): void {
  if (typeof json !== "string" || /[./]/.test(json)) return;
  throw badUsage(
    `--json takes the name of a file, such as ${json}.json. To print the result, name the lab before it: \`${typed(`${command} ${json} --json`)}\`.`,
  );
}
