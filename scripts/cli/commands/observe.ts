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

interface Options extends LabOptions {
  all?: boolean;
}

export const observe = (): Command =>
  command("observe", {
    summary: "measure the lab again, without changing it",
    details:
      "Sends every pair's packets again and shows what arrived, next to the verdict. Exit code 1 when they disagree. " +
      "In a large lab, it sends those of one pair of pods for each ordered pair of nodes; --all sends all.",
    examples: ["observe", "observe L9 --json", "observe large --all"],
  })
    .argument(...STACK)
    .addOption(stackOption())
    .option("--all", "measure every pair of pods, however many nodes the lab has")
    .addOption(jsonOption())
    .addOption(verboseOption())
    .action(
      endsWith((stack: string | undefined, options: Options) => observeAgain(named(stack, options), options)),
    );

async function observeAgain(which: Named, { all, json, verbose }: Options): Promise<number> {
  const stack = await requireLab(which);
  const { runningTwin } = require("../deployment") as typeof import("../deployment");
  const { sandbox, plan } = runningTwin(stack);
  if (!plan) {
    const again = `\`${typed(`up ${stack}`)}\` completes it`;
    throw new Failure(`The lab ${stack} is not complete: its last \`up\` did not finish; ${again}.`, 1);
  }
  const { formatObservation, observe: measure } =
    require("../../../components/study") as typeof import("../../../components/study");
  const observation = await measure(sandbox, plan, { all });
  if (json) printJson(observation);
  else print(formatObservation(observation, { verbose, width: widthOf(process.stdout) }));
  return observation.agrees ? 0 : DISAGREES;
}
