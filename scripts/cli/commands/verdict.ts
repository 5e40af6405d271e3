/** `lab verdict`: predicts every path. Writes and starts nothing. */
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
import { findLabOrDefault, type Named, nameOf } from "../labs";
import { print, printJson, say, widthOf } from "../terminal";

export const verdict = (): Command =>
  command("verdict", {
    summary: "predict every path, also with other values; writes nothing",
    details:
      "Predicts every path from the lab's config, in a moment and without the engine. A key may be a path; a value is text, JSON or YAML in flow style.",
    examples: [
      "verdict local --config encapsulation=None fabric=aws",
      "verdict L11 --config podRoutes=static --config 'faults=[source-dest-check]'",
    ],
  })
    .argument(STACK[0], `${STACK[1]}, else local`)
    .addOption(stackOption())
    .option("-c, --config <key=value...>", "predict as if the config had these values")
    .addOption(jsonOption())
    .addOption(verboseOption())
    .action(
      endsWith((stack: string | undefined, options: LabOptions) => predict(named(stack, options), options)),
    );

/** A path that fails is an answer, not an error: the exit code is 0. */
async function predict(which: Named, { config: changes = [], json, verbose }: LabOptions): Promise<number> {
  const { parseChange } = require("../config-path") as typeof import("../config-path");
  const { labConfig } = require("../overlay") as typeof import("../overlay");
  const { planOf } = require("../lab-plan") as typeof import("../lab-plan");
  const { acrossOf } = require("../peer-stack") as typeof import("../peer-stack");
  const { changedSentence } = require("../lab-changes") as typeof import("../lab-changes");
  const { encapsulationText, judge } =
    require("../../../components/plan") as typeof import("../../../components/plan");
  // A named stack is judged without a look at the backend.
  const stack = nameOf(which) ?? (await findLabOrDefault(which));
  const lab = labConfig(stack);
  const config = labConfig(stack, changes.map(parseChange));
  const plan = planOf(config.file, config.config);
  const predicted = judge(plan);
  const across = acrossOf(stack, plan);
  const { encapsulation, ipPools, fabric, faults } = plan;
  const { secrets } = config.file;
  if (secrets.length > 0) say(`Ignored, because they are secret: ${secrets.join(", ")}.`);
  if (json) {
    printJson({ stack, changes, encapsulation, ipPools, fabric, faults, verdict: predicted, ...across });
    return 0;
  }
  const { formatAcross, formatVerdict } =
    require("../../../components/study") as typeof import("../../../components/study");
  const options = { verbose, width: widthOf(process.stdout) };
  const supposed = changes.length > 0 ? ` with ${changes.join(" ")}` : "";
  print(
    [
      `Stack ${stack}${supposed}: ${encapsulationText(plan)} on the ${fabric} fabric, ${plan.nodes.length} nodes.`,
      changedSentence(lab) ?? [],
      formatVerdict(predicted, options),
      ...(across
        ? ["", "whyNot" in across ? across.whyNot : formatAcross(across.across, across.peer, options)]
        : []),
    ]
      .flat()
      .join("\n"),
  );
  return 0;
}
