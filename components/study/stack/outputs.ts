/** Verdict and observation as stack outputs. */
import { rowKey, type Verdict } from "../../plan";
import { groupBy } from "../failure";
import type { Observation } from "../observation";

/** The verdict as a stack output: per path `works`, or hop, cause, fix and reference of each probe that fails. */
export function verdictOutput({ paths, notReady, remarks, unknown }: Verdict) {
  const prediction = groupBy(paths, rowKey).map((rows) => {
    const failing = rows.filter(({ outcome }) => outcome === "fails");
    const byProbe = failing.map(({ probe, failure }) => [probe, { outcome: "fails", ...failure }]);
    return [rowKey(rows[0]), failing.length === 0 ? "works" : Object.fromEntries(byProbe)];
  });
  return { prediction: Object.fromEntries(prediction), notReady, remarks, unknown };
}

/**
 * The observation as a stack output: per path and probe how many pairs worked (`16/16 work`, `0/16 work: no answer`), and
 * for one pair of each path the route, and the packet that was captured on the wire.
 */
export function observationOutput({ rows, wire, ...seen }: Observation) {
  const paths = groupBy(rows, rowKey).map((probes) => {
    const path = rowKey(probes[0]);
    const { route, packet } = wire.find((item) => item.path === path) ?? {};
    const counts = probes.map(({ probe, working, pairs, detail }) => [
      probe,
      pairs === 0 ? detail : `${working}/${pairs} work${detail && `: ${detail}`}`,
    ]);
    return [path, { ...Object.fromEntries(counts), route, packet }];
  });
  const { of, at, agrees, sample, disagreements, notConverged, sessionsDown, checks, nodes } = seen;
  return {
    of,
    at,
    agrees,
    ...(sample && { sample }),
    seen: Object.fromEntries(paths),
    disagreements,
    notConverged,
    sessionsDown,
    ...(checks && { checks }),
    ...(nodes && { nodes }),
  };
}
