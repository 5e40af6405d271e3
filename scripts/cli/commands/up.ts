/** `lab up`: builds a lab, or brings it to its config. */
import { type Command, Option } from "commander";
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
import { DISAGREES } from "../failure";
import { findLabOrDefault, type Named } from "../labs";
import { NOTHING_CHANGED, print, say } from "../terminal";

export const up = (): Command =>
  command("up", {
    summary: "bring the lab up, or apply its changed config (the default command)",
    details:
      "Checks the stack's config, shows the verdict, builds, measures every pair of pods, and fails when verdict and observation disagree. Shows what would change, and asks, before it changes machines elsewhere.",
    examples: ["up", "up L9", "up L9 --config faults=[]", "up L9 --real"],
  })
    .argument(STACK[0], `${STACK[1]}, else local`)
    .addOption(stackOption())
    .option(
      "-c, --config <key=value...>",
      "change the config, for this lab only: the stack's file stays as it is",
    )
    .addOption(
      new Option(
        "--real",
        "with real Kubernetes and Calico in node containers, on the same fabric: as --config rehearse=containers (Linux, root)",
      ),
    )
    .addOption(yesOption())
    .addOption(verboseOption())
    .action(
      endsWith((stack: string | undefined, options: Options) => bringUp(named(stack, options), options)),
    );

interface Options extends LabOptions {
  real?: boolean;
}

async function bringUp(which: Named, options: Options): Promise<number> {
  const { config: given = [], real, yes, verbose } = options;

  const { parseChange } = require("../config-path") as typeof import("../config-path");
  const { labConfig } = require("../overlay") as typeof import("../overlay");
  const { planUnlessSecret } = require("../lab-plan") as typeof import("../lab-plan");
  const { deploy } = require("../deploy") as typeof import("../deploy");
  const { describeUp } = require("../outcome") as typeof import("../outcome");
  const changes = real ? ["rehearse=containers", ...given] : given;
  const parsed = changes.map(parseChange);
  const stack = await findLabOrDefault(which);
  const config = labConfig(stack, parsed);
  const run = await deploy(config, planUnlessSecret(config.file, config.config), { yes, verbose });
  if (!run) {
    say(NOTHING_CHANGED);
    return 0;
  }
  if (run.status === 0 || run.disagrees) print(describeUp(config, run).join("\n"));
  return run.disagrees ? DISAGREES : run.status;
}
