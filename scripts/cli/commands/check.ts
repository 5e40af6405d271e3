/** `lab check`: looks at a lab's machines. Changes nothing. */
import type { Command } from "commander";
import { command, endsWith, jsonOption, type LabOptions, named, STACK, stackOption } from "../command";
import { BAD_USAGE, badUsage } from "../failure";
import { findLab, type Named } from "../labs";
import { print, printJson, say } from "../terminal";

/** The exit code when something was found. */
const FOUND = 1;

export const check = (): Command =>
  command("check", {
    summary: "look at the machines for what would break the lab",
    details:
      "Logs in to every machine and looks for firewalls, routes, programs and settings that would break the lab, and for what two machines must not have in common. Changes nothing. `up` looks at the same before it changes a machine. Exit codes: 0 nothing found, 1 something found, 2 a machine could not be looked at.",
    examples: ["check hosts", "check hosts --json"],
  })
    .argument(...STACK)
    .addOption(stackOption())
    .addOption(jsonOption())
    .action(
      endsWith((stack: string | undefined, options: LabOptions) => look(named(stack, options), options)),
    );

async function look(which: Named, { json }: LabOptions): Promise<number> {
  const { checkMachines } = require("../machine-check") as typeof import("../machine-check");
  const stack = await findLab(which);
  if (stack === undefined) throw badUsage("Which stack? Its lab need not be up, so name it.");
  const { machines, findings, failures } = await checkMachines(stack);
  if (json) printJson({ stack, machines, findings, failures });
  else {
    for (const { severity, code, sentence } of findings)
      print(`${severity === "refuse" ? "refused" : "warning"}: ${sentence} (${code})`);
    if (findings.length === 0 && machines.length > 0) print(`Nothing was found on ${machines.join(", ")}.`);
    for (const [name, reason] of Object.entries(failures)) say(`${name} could not be looked at: ${reason}`);
  }
  if (Object.keys(failures).length > 0) return BAD_USAGE;
  return findings.length > 0 ? FOUND : 0;
}
