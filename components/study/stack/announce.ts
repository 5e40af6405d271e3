/** Verdict and observation in the engine's display. */
import * as pulumi from "@pulumi/pulumi";
import type { Verdict } from "../../plan";
import { wrap } from "../columns";
import { describeFailure, type FailureGroup, failureGroups, isUnintended, labelFailure } from "../failure";
import type { Observation } from "../observation";
import { formatObservation, summarizeObservation } from "../observation-report";
import { formatOutcomes, formatRemarks, formatUnknown } from "../verdict-report";
import { failWhenDone } from "./program-failure";

/** Columns for a line: the engine indents diagnostics by 4, and we cannot ask it how wide the terminal is. */
const WIDTH = 76;

/** Whether to show everything that is known: `ENCAPLAB_VERBOSE=1` in the environment, which `lab -v` sets. */
const isVerbose = (): boolean => process.env.ENCAPLAB_VERBOSE === "1";

/**
 * Shows the verdict. A path that fails is a warning, unless a fault in the config asks for it. Everything else is
 * information, of which an update shows nothing if an observation follows, because its table has the prediction, too.
 *
 * With `ENCAPLAB_VERBOSE=1` in the environment, an update shows everything as well, and the table is followed by the
 * example that was traced for each path.
 *
 * @param observed whether an observation follows in an update ({@link announceObservation}), as on the twin.
 */
export function announceVerdict(verdict: Verdict, { observed }: { observed: boolean }): void {
  const verbose = isVerbose();
  const groups = failureGroups(verdict.paths);
  if (verbose || !observed || pulumi.runtime.isDryRun()) {
    const table = formatOutcomes(verdict, { verbose, width: WIDTH });
    pulumi.log.info([table, ...intentions(groups, verdict), formatUnknown(verdict, WIDTH)].join("\n"));
  }
  // The engine writes `warning: ` in front of the text.
  for (const rows of groups.filter(isUnintended))
    pulumi.log.warn(describeFailure(rows, { width: WIDTH, label: "warning: " }));
}

/** What is not a warning: the failures that a fault asks for, the nodes that are not ready, and the remarks. */
const intentions = (groups: readonly FailureGroup[], verdict: Verdict): string[] => [
  ...groups.filter((rows) => !isUnintended(rows)).map((rows) => labelFailure(rows, WIDTH)),
  ...formatRemarks(verdict, WIDTH),
];

/**
 * Shows the observation in an update, not in a preview, which measures nothing. A new observation is shown as a table,
 * with the causes of the failures that a fault asks for. If nothing was measured anew, one sentence is shown.
 *
 * A disagreement with the verdict is an error, which fails the update, although the lab is up: all outputs are recorded,
 * and the next update measures again.
 *
 * With `ENCAPLAB_VERBOSE=1` in the environment, the table is shown in any case, and the route and the packet of each path.
 *
 * If nothing could be measured, that is a warning: the lab is up.
 *
 * @param measured what was measured, or why nothing was.
 * @param verdict the verdict that was announced for the same lab.
 * @param on the resource that a disagreement is reported on.
 */
export function announceObservation(
  measured: pulumi.Output<Observation | { problem: string }>,
  verdict: Verdict,
  on: pulumi.Resource,
): void {
  // The program is here before the twin is measured, so an older observation comes from the recorded state.
  const now = Date.now();
  measured.apply((seen) => {
    if (pulumi.runtime.isDryRun()) return;
    if ("problem" in seen) {
      const label = "warning: ";
      const text = `The lab is up, but was not measured: ${seen.problem}`;
      void pulumi.log.warn(wrap(text, { width: WIDTH, taken: label.length }), on);
      return;
    }
    const verbose = isVerbose();
    const report = formatObservation(seen, { verbose, width: WIDTH });
    if (!seen.agrees) {
      pulumi.log.error(`${report}\nThe lab is up. Look around with \`npm run lab -- shell <node>\`.`, on);
      failWhenDone();
    } else if (verbose) pulumi.log.info(report);
    else if (seen.at && Date.parse(seen.at) >= now)
      pulumi.log.info([report, ...intentions(failureGroups(verdict.paths), verdict)].join("\n"));
    else pulumi.log.info(summarizeObservation(seen, WIDTH));
  });
}
