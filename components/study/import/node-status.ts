/** `calicoctl node status`, as people paste it. */
import type { Facts } from "./facts";
import { isAddress } from "./fields";

/** A text that came from one node, line by line. */
export interface NodeText {
  file: string;
  /** The line of the file at which it begins. */
  first: number;
  lines: readonly string[];
  /** What may tell which node it is from. */
  hints: readonly string[];
  /** A number that no other text of the import has. */
  table: number;
}

/**
 * Reads the tables of BGP sessions. A long cell continues in the next row, whose other cells are empty.
 * @returns how many sessions there were.
 */
export function readNodeStatus({ file, first, lines, hints, table }: NodeText, facts: Facts): number {
  let tables = 0;
  let count = 0;
  lines.forEach((line, i) => {
    if (/PEER ADDRESS/i.test(line)) tables++;
    const cells = cellsOf(line);
    const [peer = "", , state = "", , info = ""] = cells;
    if (tables === 0 || cells.length < 4 || !isAddress(peer)) return;
    const rest = cellsOf(lines[i + 1] ?? "");
    const continued = rest[0] === "" && rest.length === cells.length ? ` ${rest.at(-1)}` : "";
    count++;
    facts.sessions.push({
      hints,
      peer,
      established: /^Established/i.test(info) || (info === "" && /^up$/i.test(state)),
      shown: `${state}, ${info}${continued}`.replace(/[\p{C}]/gu, "").trim(),
      // `node status` of two nodes in one text: two tables.
      table: table + (tables - 1) / 1000,
      source: { file, line: first + i },
    });
  });
  return count;
}

const cellsOf = (line: string): string[] =>
  line.includes("|")
    ? line
        .trim()
        .replace(/^\|+/, "")
        .replace(/\|+$/, "")
        .split("|")
        .map((cell) => cell.trim())
    : [];
