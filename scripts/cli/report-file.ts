/** The files that a measuring command writes for others to read: JSON, JUnit, Markdown. */
import * as fs from "node:fs";
import { Failure } from "./failure";
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
