/** `lab observe`: measures a lab again. */
import { type Command, Option } from "commander";
import { command, endsWith, type LabOptions, named, STACK, stackOption, verboseOption } from "../command";
import { DISAGREES } from "../failure";
import { type Named, requireLab } from "../labs";
import { requireFile, writeReport } from "../report-file";
import { print, printJson, widthOf } from "../terminal";

interface Options extends Omit<LabOptions, "json"> {
  all?: boolean;
  cleanup?: boolean;
  /** True without the name of a file. */
  json?: boolean | string;
  junit?: string;
  markdown?: string;
}

export const observe = (): Command =>
  command("observe", {
    summary: "measure the lab again, without changing it",
    details:
      "Sends every pair's packets again and shows what arrived, next to the verdict. Exit code 1 when they disagree. " +
      "In a large lab, it measures a sample, and says which; --all sends all.\n\n" +
      "A cluster is measured through its API, by pods in the namespace encaplab-study. They stay, so that the next " +
      "observation takes seconds; --cleanup removes them.",
    examples: [
      "observe",
      "observe L9 --json",
      "observe large --all",
      "observe aws --junit lab.xml --json lab.json --markdown lab.md",
    ],
  })
    .argument(...STACK)
    .addOption(stackOption())
    .option("--all", "measure every pair of pods, however many nodes the lab has")
    .addOption(
      new Option(
        "--json [file]",
        "print the result as JSON; with a file, write it there with every command as evidence",
      ),
    )
    .option("--junit <file>", "also write a JUnit report, with a test for each probe")
    .option("--markdown <file>", "also write a summary in Markdown, e.g. to $GITHUB_STEP_SUMMARY")
    .option("--cleanup", "remove the study's pods from the cluster, and measure nothing")
    .addOption(verboseOption())
    .action(
      endsWith((stack: string | undefined, options: Options) =>
        observeAgain(named(stack, { ...options, json: undefined }), options),
      ),
    );

async function observeAgain(which: Named, options: Options): Promise<number> {
  const { all, json, junit, markdown, verbose, cleanup } = options;
  requireFile(json, "observe");
  const stack = await requireLab(which);
  const { cleanUpLab, proberOf } = require("../observation") as typeof import("../observation");
  if (cleanup) return cleanUpLab(stack);
  const study = require("../../../components/study") as typeof import("../../../components/study");
  const { prober, plan } = await proberOf(stack);
  const observed = await study.observeWithEvidence(prober, plan, { all });
  const { observation, outcomes, evidence } = observed;
  if (typeof json === "string")
    writeReport(json, `${JSON.stringify({ lab: stack, ...observation, outcomes, evidence }, null, 2)}\n`);
  if (junit !== undefined) writeReport(junit, study.formatJunit(stack, observed));
  if (markdown !== undefined)
    writeReport(markdown, study.formatMarkdown(stack, observation), { append: true });
  if (json === true) printJson(observation);
  else print(study.formatObservation(observation, { verbose, width: widthOf(process.stdout) }));
  return observation.agrees ? 0 : DISAGREES;
}
