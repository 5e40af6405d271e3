/** `lab leftovers`: what a stack still has on its cloud. */
import type { Command } from "commander";
import { command, endsWith, jsonOption, type LabOptions, named, STACK, stackOption } from "../command";
import { badUsage } from "../failure";
import { findLab, type Named, nameOf } from "../labs";
import { columns, print, printJson } from "../terminal";

export const leftovers = (): Command =>
  command("leftovers", {
    summary: "list what a stack still has on its cloud",
    details:
      "Asks the cloud itself, not the state, for everything with the stack's tags, for example after a `down`. Exit code 1 if there is anything.",
    examples: ["leftovers aws", "leftovers aws --json"],
  })
    .argument(...STACK)
    .addOption(stackOption())
    .addOption(jsonOption())
    .action(
      endsWith((stack: string | undefined, options: LabOptions) =>
        showLeftovers(named(stack, options), options),
      ),
    );

async function showLeftovers(which: Named, { json }: LabOptions): Promise<number> {
  const { findLeftovers } = require("../leftovers") as typeof import("../leftovers");
  const stack = nameOf(which) ?? (await findLab(which));
  if (stack === undefined) throw badUsage("Which stack? Its lab may be down already, so name it.");
  const { cloud, found } = await findLeftovers(stack);
  if (json) printJson({ stack, cloud, leftovers: found });
  else if (!cloud) print(`${stack} is not on AWS or OpenStack, so nothing of it can be left there.`);
  else if (found.length === 0) print(`Nothing of ${stack} is left on ${cloud}.`);
  else {
    const rows = found.map(({ kind, id, name = "" }) =>
      name.includes(id) ? [kind, name, ""] : [kind, id, name],
    );
    print([`${stack} still has on ${cloud}:`, ...columns(rows, "  ")].join("\n"));
  }
  return found.length > 0 ? 1 : 0;
}
