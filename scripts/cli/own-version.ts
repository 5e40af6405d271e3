/** The version of encaplab, as its package has it. */
import { readFileSync } from "node:fs";
import * as path from "node:path";

export function ownVersion(): string {
  const file = path.resolve(__dirname, "../../package.json");
  return JSON.parse(readFileSync(file, "utf8")).version;
}
