/** `lab bench`: what each encapsulation costs, measured. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Encapsulation } from "../../../components/config";
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
import { type Named, requireLab } from "../labs";
import { requireFile } from "../report-file";
import { encapsulationOf } from "../spelling";

interface Options extends Omit<LabOptions, "json"> {
  rounds: number;
  seconds: number;
  only?: Encapsulation[];
  /** True without the name of a file. */
  json?: boolean | string;
  markdown?: string;
}

export const bench = (): Command =>
  command("bench", {
    summary: "measure what each encapsulation costs, on the same nodes",
    details:
      "Brings the lab to one encapsulation after the other, round after round, and measures between pods of the same node, of a subnet and across subnets: TCP's throughput with one stream and with eight, UDP's, and the round trip (p50 and p99). The result is a ratio to the path without encapsulation. A path that the verdict says is lost is listed with its cause. In the end the lab has its own encapsulation again, also after Ctrl-C or an error.\n\n" +
      "On the twin it measures this kernel's datapath, and not a cloud's network. The last benchmark is shown in `lab report`.",
    examples: [
      "bench",
      "bench --rounds 1 --seconds 1",
      "bench aws --yes --json bench.json --markdown bench.md",
    ],
  })
    .argument(...STACK)
    .addOption(stackOption())
    .addOption(
      new Option("--rounds <count>", "how often each encapsulation is measured")
        .default(3)
        .argParser(whole(1, 100)),
    )
    .addOption(
      new Option("--seconds <seconds>", "of each measurement of throughput")
        .default(2)
        .argParser(whole(1, 600)),
    )
    .addOption(
      new Option("--only <encapsulation...>", "measure these alone; None is always one of them").argParser(
        (name: string, before: Encapsulation[] = []) => [...before, encapsulationOf(name) as Encapsulation],
      ),
    )
    .addOption(
      new Option(
        "--json [file]",
        "print every figure as JSON; with a file, write it there with every command",
      ),
    )
    .option("--markdown <file>", "also write the tables in Markdown, e.g. to $GITHUB_STEP_SUMMARY")
    .addOption(yesOption())
    .addOption(verboseOption())
    .action(
      endsWith((stack: string | undefined, options: Options) =>
        benchAgain(named(stack, { ...options, json: undefined }), options),
      ),
    );

/** Parses a whole number of a range. */
const whole =
  (least: number, most: number) =>
  (text: string): number => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };

async function benchAgain(which: Named, options: Options): Promise<number> {
  const { json } = options;
  requireFile(json, "bench");
  const stack = await requireLab(which);
  const { benchLab } = require("../bench-lab") as typeof import("../bench-lab");
  return benchLab(stack, options);
}
