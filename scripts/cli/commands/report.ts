/** `lab report`: everything about a lab in one file, to show to others. */
import type { Command } from "commander";
import { command, endsWith, type LabOptions, named, STACK, stackOption } from "../command";
import { badUsage } from "../failure";
import { typed } from "../invocation";
import { findLabOrDefault, type Named } from "../labs";

interface Options extends LabOptions {
  markdown?: boolean;
  redact?: boolean;
  bench?: string;
  capture?: string;
}

export const report = (): Command =>
  command("report", {
    summary: "everything about the lab as one HTML file, or as Markdown",
    details:
      "Writes to standard output: the topology, the verdict beside what was observed, every packet's way hop by hop, and the same lab under each encapsulation. The file needs no network. --markdown is for an issue tracker, with the topology for Mermaid. --redact replaces names and addresses, each by the same other one everywhere, and leaves out the config's keys that name something of yours. Works for a lab that is not up, too.",
    examples: ["report > lab.html", "report L9 --markdown --redact > issue.md"],
  })
    .argument(STACK[0], `${STACK[1]}, else local`)
    .addOption(stackOption())
    .option("--markdown", "Markdown with a Mermaid chart instead of HTML")
    .option("--redact", "replace the names and addresses of the lab")
    .option(
      "--bench <file>",
      "show this benchmark, which `bench --json FILE` has written, and not the lab's last one",
    )
    .option("--capture <file>", "also show the packets of this pcap, decoded by tshark if that is installed")
    .action(endsWith((stack: string | undefined, options: Options) => write(named(stack, options), options)));

async function write(
  which: Named,
  { markdown, redact: isPublic, bench: benchFile, capture }: Options,
): Promise<number> {
  if (!markdown && process.stdout.isTTY) {
    throw badUsage(
      `The report is a page for a browser: \`${typed("report > lab.html")}\` writes it to a file.`,
    );
  }
  const stack = await findLabOrDefault(which);
  const { reportOn } = require("../lab-report") as typeof import("../lab-report");
  const { formatMarkdown, redact } =
    require("../../../components/study/report") as typeof import("../../../components/study/report");
  const { readCapture } = require("../captured") as typeof import("../captured");
  const { readBench } = require("../bench-record") as typeof import("../bench-record");
  const whole = reportOn(stack, {
    bench: benchFile === undefined ? undefined : readBench(benchFile),
    captured: capture === undefined ? undefined : readCapture(capture, { inWords: !isPublic }),
  });
  const shown = isPublic ? redact(whole) : whole;
  if (markdown) process.stdout.write(formatMarkdown(shown));
  else {
    const { pageOf } = require("../report-page") as typeof import("../report-page");
    process.stdout.write(await pageOf(shown));
  }
  return 0;
}
