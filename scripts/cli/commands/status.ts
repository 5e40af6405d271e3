/** `lab status`: what is up, what was measured, what to do next. */
import type { Command } from "commander";
import { command, endsWith, jsonOption, type LabOptions, named, STACK, stackOption } from "../command";
import { howToStart, labsUp, type Named, NONE_UP, nameOf } from "../labs";
import { print, printJson } from "../terminal";

export const status = (): Command =>
  command("status", {
    summary: "show what is up, what was measured, and what to do next",
    details:
      "Shows the lab without changing it: of all labs that are up a line each, or everything about the only one. Looks inside a twin for what was changed by hand. Of one lab in a cloud it asks the cloud whether the machines and addresses are as the last run recorded them. Also says whether the last run failed or was interrupted, and where the lab's config differs from what is up.",
    examples: ["status", "status L9 --json"],
  })
    .argument(...STACK)
    .addOption(stackOption())
    .addOption(jsonOption())
    .action(
      endsWith((stack: string | undefined, options: LabOptions) =>
        showStatus(named(stack, options), options),
      ),
    );

/** The exit code is 0 whatever the state is. */
async function showStatus(which: Named, { json }: LabOptions): Promise<number> {
  const { findLab } = require("../labs") as typeof import("../labs");
  const { prepareToRead } = require("../setup") as typeof import("../setup");
  const { statusOf, withAltered, withCloud } = require("../status") as typeof import("../status");
  const { headline, describeStatus } = require("../status-text") as typeof import("../status-text");
  await prepareToRead();
  const wanted = nameOf(which) === undefined ? labsUp() : [(await findLab(which)) as string];
  const looked = await Promise.all(wanted.map(statusOf).map(withAltered));
  // It takes seconds, so not for a list of all labs.
  const labs = looked.length === 1 ? await Promise.all(looked.map(withCloud)) : looked;
  if (json) printJson(nameOf(which) === undefined ? labs : labs[0]);
  else if (labs.length === 0) print(`${NONE_UP} ${howToStart()}`);
  else print((labs.length === 1 ? labs.flatMap(describeStatus) : labs.map(headline)).join("\n"));
  return 0;
}
