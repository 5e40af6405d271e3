/** `lab reset`: forgets what was changed for a lab. */
import type { Command } from "commander";
import { command, endsWith, type LabOptions, named, STACK, stackOption } from "../command";
import { badUsage } from "../failure";
import { typed } from "../invocation";
import { findLab, type Named } from "../labs";
import { print } from "../terminal";

export const reset = (): Command =>
  command("reset", {
    summary: "forget what was changed for a lab: the stack's file counts again",
    details:
      "Removes the changes that `switch` and `up --config` made for a lab. Asks nothing, and does not touch the running lab: `up` applies the file.",
    examples: ["reset L9"],
  })
    .argument(...STACK)
    .addOption(stackOption())
    .action(endsWith((stack: string | undefined, options: LabOptions) => resetLab(named(stack, options))));

async function resetLab(which: Named): Promise<number> {
  const { changedStacks, removeChanges } = require("../overlay") as typeof import("../overlay");
  const { describeChanges, listed } = require("../lab-changes") as typeof import("../lab-changes");
  const { readStackFile } = require("../stack-file") as typeof import("../stack-file");
  const { deploymentOf, isEmpty } = require("../deployment") as typeof import("../deployment");
  const stack = await findLab(which);
  if (stack === undefined) {
    const changed = changedStacks();
    throw badUsage(`Which lab? Changed are: ${changed.join(", ") || "none"}.`);
  }
  const file = readStackFile(stack);
  const changes = removeChanges(stack);
  if (changes.length === 0) {
    print(`Nothing was changed for the lab ${stack}: it is as ${file.name} says.`);
    return 0;
  }
  const apply = isEmpty(deploymentOf(stack))
    ? ""
    : ` \`${typed(`up ${stack}`)}\` applies it to the running lab.`;
  print(
    `Removed for ${stack}: ${describeChanges({ file, changes }).map(listed).join("; ")}. ${file.name} counts again.${apply}`,
  );
  return 0;
}
