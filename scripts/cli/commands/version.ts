/** `lab version`, also `lab --version`. */
import type { Command } from "commander";
import { command, endsWith, jsonOption, type LabOptions } from "../command";
import { ownVersion } from "../own-version";
import { print, printJson } from "../terminal";

export const version = (): Command =>
  command("version", {
    summary: "print the version of encaplab and of the engine",
    details: "Prints the version of encaplab, and of the engine that it would use if that is already there.",
    examples: ["version", "--version"],
  })
    .addOption(jsonOption())
    .action(endsWith(printVersion));

function printVersion({ json }: LabOptions): number {
  const { engineAtHand } = require("../engine-at-hand") as typeof import("../engine-at-hand");
  const own = ownVersion();
  const engine = engineAtHand();
  if (json) printJson({ encaplab: own, engine: engine ?? null });
  else print(`encaplab ${own}\nengine   ${engine ?? "none yet: the first `up` gets one"}`);
  return 0;
}
