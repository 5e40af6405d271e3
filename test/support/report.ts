/** Reports for tests, with an observation that was made up. */
import { parseConfig } from "../../components/config";
import {
  expectations,
  type LabPlan,
  nameOf,
  type Pair,
  type ProbeName,
  pairsOf,
  planLab,
  probesOf,
} from "../../components/plan";
import type { Measured } from "../../components/study/measured";
import { compare } from "../../components/study/observation";
import { idOf } from "../../components/study/order";
import { modesOf, type Report } from "../../components/study/report";

/** What a probe did instead of what was predicted. Undefined: what was predicted. */
export type Surprise = (pair: Pair, probe: ProbeName) => boolean | undefined;

/** A surprise for all probes of one pair. */
export const onPair =
  (from: string, to: string, works: boolean): Surprise =>
  (pair) =>
    pair.from.name === from && nameOf(pair.to) === to ? works : undefined;

/** What was measured of a plan, if all went as predicted but for the surprises. */
export function observed(plan: LabPlan, surprise: Surprise = () => undefined) {
  const works = expectations(plan);
  const results: Measured["results"] = {};
  for (const pair of pairsOf(plan)) {
    for (const probe of probesOf(pair)) {
      const isFine = surprise(pair, probe) ?? works(pair, probe);
      results[idOf(pair, probe)] = { works: isFine, detail: isFine ? "" : "no answer" };
    }
  }
  const measured: Measured = { notConverged: [], results, sessions: {}, captures: {} };
  return compare(plan, measured, new Date("2026-11-26T08:00:00Z"));
}

/**
 * A report as JSON would carry it.
 * @param more `surprise`: measured, with these surprises. Without it nothing was measured.
 */
export function reportOf(
  config: Record<string, unknown>,
  more: { stack?: string; surprise?: Surprise } = {},
): Report {
  const plan = planLab(parseConfig(config));
  const { stack = "L0", surprise } = more;
  const report: Report = {
    stack,
    version: "0.0.0",
    madeAt: "2026-11-26T08:00:00.000Z",
    isUp: surprise !== undefined,
    plan,
    modes: modesOf(plan, (encapsulation) => planLab(parseConfig({ ...config, encapsulation }))),
    ...(surprise && { observation: observed(plan, surprise) }),
    notes: [],
    config: Object.entries(config).map(([key, value]) => ({
      key: `encaplab:${key}`,
      value: JSON.stringify(value),
    })),
  };
  return JSON.parse(JSON.stringify(report));
}
