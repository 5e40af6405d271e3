/** `lab observe`: measures a lab again. */
import type { Command } from "commander";
import {
  command,
  endsWith,
  jsonOption,
  type LabOptions,
  named,
  STACK,
  stackOption,
  verboseOption,
} from "../command";
import { DISAGREES, Failure } from "../failure";
import { typed } from "../invocation";
import { type Named, requireLab } from "../labs";
import { print, printJson, widthOf } from "../terminal";

export const observe = (): Command =>
  command("observe", {
    summary: "measure the lab again, without changing it",
    details:
      "Sends every pair's packets again and shows what arrived, next to the verdict. Exit code 1 when they disagree.",
    examples: ["observe", "observe L9 --json"],
  })
    .argument(...STACK)
    .addOption(stackOption())
    .addOption(jsonOption())
    .addOption(verboseOption())
    .action(
      endsWith((stack: string | undefined, options: LabOptions) =>
        observeAgain(named(stack, options), options),
      ),
    );

async function observeAgain(which: Named, { json, verbose }: LabOptions): Promise<number> {
  const stack = await requireLab(which);
  const { runningTwin } = require("../deployment") as typeof import("../deployment");
  const { sandbox, plan } = runningTwin(stack);
  if (!plan) {
    const again = `\`${typed(`up ${stack}`)}\` completes it`;
    throw new Failure(`The lab ${stack} is not complete: its last \`up\` did not finish; ${again}.`, 1);
  }
  const { formatObservation, observe: measure } =
    require("../../../components/study") as typeof import("../../../components/study");
  const observation = await measure(sandbox, plan);
  if (json) printJson(observation);
  else print(formatObservation(observation, { verbose, width: widthOf(process.stdout) }));
  return observation.agrees ? 0 : DISAGREES;
}
