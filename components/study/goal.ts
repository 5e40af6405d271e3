/** What a lesson asks for, held against what was observed. Pure. */
import { type PathVerdict, rowKey } from "../plan";
import { groupBy, listNames } from "./failure";

/** What must be seen. */
export interface Goal {
  /** Paths that must work, by their names in the verdict, or all that the lab has. */
  works: "all" | readonly string[];
  /** How the packets of a path must travel, as the carrier of the verdict begins. */
  carriers?: Readonly<Record<string, string>>;
}

/** A row with what it is judged by: what was observed, or what is predicted. */
export type Judged = Pick<PathVerdict, "path" | "reach" | "policy" | "part" | "probe" | "carrier"> & {
  outcome: string;
};

/** What a goal still lacks, each as a sentence; none when it is reached. */
export function missingOf({ works, carriers = {} }: Goal, rows: readonly Judged[]): string[] {
  // With faults on some nodes, a path has several rows.
  const nameOf = (row: Judged) => rowKey({ ...row, part: undefined });
  const wanted = rows.filter((row) => works === "all" || works.includes(nameOf(row)));
  const failing = groupBy(
    wanted.filter(({ outcome }) => outcome !== "works"),
    nameOf,
  ).map(([row]) => nameOf(row));
  const wrong = Object.entries(carriers).flatMap(([path, carrier]) => {
    const row = rows.find((one) => nameOf(one) === path);
    if (row?.carrier.startsWith(carrier)) return [];
    return [
      `${path} travels ${row ? `so: ${row.carrier}` : "nowhere: the lab has no such path"}; wanted: ${carrier}.`,
    ];
  });
  return [...(failing.length > 0 ? [`Not working: ${listNames(failing)}.`] : []), ...wrong];
}
