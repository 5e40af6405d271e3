/** One pair of a report: what was predicted for each of its probes, and what was seen. */
import {
  expectations,
  type LabPlan,
  nameOf,
  type Pair,
  type ProbeName,
  probesOf,
  rowKey,
  rowsOf,
} from "../../plan";
import type { Observation } from "../observation";

/** What was seen of a probe. `unknown`: some pair of its row did not do what was predicted, and it may be this one. */
export type Seen = "works" | "fails" | "unknown";

/** One probe of a pair. */
export interface CellProbe {
  probe: ProbeName;
  predicted: "works" | "fails";
  /** Undefined where nothing was measured. */
  seen?: Seen;
}

/** A pair as a cell of a table. */
export interface Cell {
  pair: Pair;
  /** The name of its row in the verdict. */
  row: string;
  probes: CellProbe[];
  /** Whether a probe did something else than predicted. */
  differs: boolean;
}

/** Makes the cells of a plan. What is the same for many pairs is worked out once. */
export function cellOf(plan: LabPlan, observation?: Observation): (pair: Pair) => Cell {
  const works = expectations(plan);
  const { rowOf } = rowsOf(plan);
  const seen = observation && seenIn(observation);
  return (pair) => {
    const row = rowOf(pair).key;
    const probes = probesOf(pair).map((probe): CellProbe => {
      const predicted = works(pair, probe) ? "works" : "fails";
      return { probe, predicted, ...(seen && { seen: seen(pair, row, probe, predicted) }) };
    });
    return { pair, row, probes, differs: probes.some((one) => one.seen !== undefined && differ(one)) };
  };
}

const differ = ({ predicted, seen }: CellProbe): boolean => seen !== "unknown" && seen !== predicted;

/** How many disagreements an observation keeps. */
const MOST_KEPT = 20;

/** A disagreement as `compare` in observation.ts words it. */
const DISAGREEMENT =
  /^(\S+) > (\S+) \((.*), (ICMP|UDP|TCP|full-MTU)\): predicted (works|fails), observed (works|fails)/;

/**
 * What an observation says of single pairs. It keeps counts for each row, and the pairs that surprised, up to a number of
 * them. So what is not among these did what was predicted, unless there may be more of them.
 */
export function seenIn({ rows, disagreements, sample }: Observation) {
  const surprises = new Map(
    disagreements.flatMap((text): [string, Seen][] => {
      const [, from, to, , probe, , seen] = DISAGREEMENT.exec(text) ?? [];
      return seen ? [[`${from}>${to}:${probe}`, seen as Seen]] : [];
    }),
  );
  const byRow = new Map(rows.map((row) => [`${rowKey(row)}:${row.probe}`, row]));
  const isComplete = disagreements.length < MOST_KEPT;
  return (pair: Pair, key: string, probe: ProbeName, predicted: "works" | "fails"): Seen | undefined => {
    const row = byRow.get(`${key}:${probe}`);
    if (!row || row.pairs === 0) return undefined;
    const surprise = surprises.get(`${pair.from.name}>${nameOf(pair.to)}:${probe}`);
    if (surprise) return surprise;
    // Not every pair of the row was measured, and this may be one of the others.
    if (sample || row.unmeasured) return row.agrees && !row.unmeasured ? undefined : "unknown";
    if (row.observed === "works" || row.observed === "fails") return row.observed;
    return isComplete ? predicted : "unknown";
  };
}
