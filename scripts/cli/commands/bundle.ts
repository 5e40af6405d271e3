/** `lab bundle`: a lab to hand to somebody else, who gets the same one. */
import * as fs from "node:fs";
import * as os from "node:os";
import type { Command } from "commander";
import { command, endsWith, type LabOptions, named, STACK, stackOption } from "../command";
import { badUsage, Failure } from "../failure";
import { typed } from "../invocation";
import { findLabOrDefault, type Named } from "../labs";
import { say } from "../terminal";

interface Options extends LabOptions {
  redact?: boolean;
  text?: boolean;
  output?: string;
}

export const bundle = (): Command =>
  command("bundle", {
    summary: "the lab in one file, from which `lab import` makes the same lab",
    details:
      "Writes what an issue tracker needs: the lab's config, its plan, its verdict, what was observed, a report in Markdown, and versions. With -o as a tar, else to standard output; --text as Markdown to paste. --redact replaces names and addresses, each by the same other one everywhere, and leaves the verdict as it is. Machines, logins and keys are never in it. `lab import` of either form gives the lab back.",
    examples: ["bundle L9 --redact -o lab.tar", "bundle --text --redact > issue.md"],
  })
    .argument(STACK[0], `${STACK[1]}, else local`)
    .addOption(stackOption())
    .option("--redact", "replace the names and addresses of the lab")
    .option("--text", "Markdown to paste into an issue, instead of a tar")
    .option("-o, --output <file>", "write there instead of to standard output")
    .action(endsWith((stack: string | undefined, options: Options) => write(named(stack, options), options)));

async function write(which: Named, { redact: isRedacted = false, text, output }: Options): Promise<number> {
  if (!text && output === undefined && process.stdout.isTTY) {
    throw badUsage(
      `A bundle is a tar: \`${typed("bundle -o lab.tar")}\` writes it to a file, and --text is for reading.`,
    );
  }
  const stack = await findLabOrDefault(which);
  const { reportOn } = require("../lab-report") as typeof import("../lab-report");
  const { redact } =
    require("../../../components/study/report") as typeof import("../../../components/study/report");
  const { bundleFiles, bundleText } =
    require("../../../components/study/bundle") as typeof import("../../../components/study/bundle");
  const { engineAtHand } = require("../engine-at-hand") as typeof import("../engine-at-hand");
  const { archiveOf } = require("../archive") as typeof import("../archive");
  const whole = reportOn(stack);
  const report = isRedacted ? redact(whole) : whole;
  const args = {
    report,
    isRedacted,
    environment: {
      encaplab: report.version,
      node: process.version,
      // Who builds a kernel may put a name behind its version.
      kernel: `${os.type()} ${isRedacted ? os.release().replace(/[^\d.].*/, "") : os.release()} ${os.arch()}`,
      engine: engineAtHand() ?? "none",
    },
  };
  const content = text ? bundleText(args) : await archiveOf(bundleFiles(args), new Date(report.madeAt));
  if (output === undefined) process.stdout.write(content);
  else {
    try {
      fs.writeFileSync(output, content);
    } catch (error) {
      throw new Failure(`${output} cannot be written (${(error as NodeJS.ErrnoException).code}).`, 1);
    }
    say(`Written: ${output}. \`${typed(`import ${output}`)}\` gives the lab back.`);
  }
  return 0;
}
