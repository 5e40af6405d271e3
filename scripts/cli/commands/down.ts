/** `lab down`: takes a lab down. */
import type { Command } from "commander";
import {
  command,
  endsWith,
  type LabOptions,
  named,
  STACK,
  stackOption,
  verboseOption,
  yesOption,
} from "../command";
import { findLab, type Named, NONE_UP } from "../labs";
import { NOTHING_CHANGED, say } from "../terminal";

export const down = (): Command =>
  command("down", {
    summary: "take the lab down and leave nothing behind",
    details:
      "Deletes everything of the lab, also after a run was killed or the machine was restarted, and forgets what was changed for the lab: the next `up` is as the stack's file says.",
    examples: ["down", "down L12"],
  })
    .argument(...STACK)
    .addOption(stackOption())
    .addOption(yesOption())
    .addOption(verboseOption())
    .action(
      endsWith((stack: string | undefined, options: LabOptions) => takeDown(named(stack, options), options)),
    );

async function takeDown(which: Named, options: LabOptions): Promise<number> {
  const { ownFolder } = require("../backend") as typeof import("../backend");
  const { deploymentOf, isEmpty } = require("../deployment") as typeof import("../deployment");
  const { liftDeadLocks } = require("../unlock") as typeof import("../unlock");
  const { destroy } = require("../deploy") as typeof import("../deploy");
  const { removeChanges, removeOverlay } = require("../overlay") as typeof import("../overlay");
  const stack = await findLab(which);
  if (stack === undefined) {
    say(`Nothing to take down: ${NONE_UP.toLowerCase()}`);
    return 0;
  }
  await liftDeadLocks(stack);
  const deployed = deploymentOf(stack);
  if (!deployed || isEmpty(deployed)) say(`Nothing to take down: the lab ${stack} is not up.`);
  else {
    const run = await destroy(stack, deployed, options);
    if (!run) {
      say(NOTHING_CHANGED);
      return 0;
    }
    if (run.status !== 0) return run.status;
    say(`${stack} is down (${run.seconds.toFixed(1)} s).`);
  }
  // A backend of the user's own may have a passphrase: keep the salt, so that the state stays readable.
  if (ownFolder()) removeOverlay(stack);
  else removeChanges(stack);
  return 0;
}
