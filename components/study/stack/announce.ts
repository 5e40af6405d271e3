/** Verdict and observation in the engine's display, and as stack outputs. */
import * as pulumi from "@pulumi/pulumi";
import { isWarning, type PathVerdict, rowKey, type Verdict } from "../../plan";
import type { Observation } from "../observation";
import { describeFailure, failureGroups, formatObservation, formatVerdict } from "../report";

/** Shows the verdict. A path that fails is a warning, unless it is meant to fail. Everything else is information. */
export function announceVerdict(verdict: Verdict): void {
  pulumi.log.info(formatVerdict(verdict));
  for (const group of failureGroups(verdict.paths)) {
    if (isWarning(group[0] as PathVerdict)) pulumi.log.warn(describeFailure(group));
  }
}

/** Shows the observation. A disagreement with the verdict fails the update, although the lab is up. */
export function announceObservation(observation: pulumi.Output<Observation>, on: pulumi.Resource): void {
  observation.apply((seen) => {
    if (seen.agrees) pulumi.log.info(formatObservation(seen));
    else
      pulumi.log.error(
        `${formatObservation(seen)}\nThe lab is up. Look around with \`npm run lab -- shell <node>\`.`,
        on,
      );
  });
}

/** The verdict as a stack output: per path `works`, or hop, cause, fix and reference of each probe that fails. */
export function verdictOutput(verdict: Verdict) {
  const paths = [...new Set(verdict.paths.map(rowKey))].map((path) => {
    const failing = verdict.paths.filter((row) => rowKey(row) === path && row.outcome === "fails");
    if (failing.length === 0) return [path, "works"];
    return [
      path,
      Object.fromEntries(failing.map(({ probe, failure }) => [probe, { outcome: "fails", ...failure }])),
    ];
  });
  const { notReady, remarks, unknown } = verdict;
  return { prediction: Object.fromEntries(paths), notReady, remarks, unknown };
}

/** The observation as a stack output: per path and probe how many pairs worked, and what was captured on the wire. */
export function observationOutput(seen: Observation) {
  const paths = [...new Set(seen.rows.map(rowKey))].map((path) => {
    const rows = seen.rows.filter((row) => rowKey(row) === path);
    const wire = seen.wire.find((item) => item.path === path);
    const counts = rows.map(({ probe, working, pairs, detail }) => [
      probe,
      `${working}/${pairs} work${detail && `: ${detail}`}`,
    ]);
    return [path, { ...Object.fromEntries(counts), route: wire?.route, packet: wire?.packet }];
  });
  const { of, agrees, disagreements, notConverged, sessionsDown } = seen;
  return { of, agrees, seen: Object.fromEntries(paths), disagreements, notConverged, sessionsDown };
}
