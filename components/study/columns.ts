/**
 * Text that fits a terminal: aligned columns and wrapped paragraphs. Counts characters as columns, which is right for
 * all that the lab writes: names, addresses and English.
 */

/** Width in columns where there is no terminal to ask. */
export const DEFAULT_WIDTH = 80;

/** No column becomes narrower than this, however narrow the terminal is. */
const NARROWEST = 6;

/** A column of a table. */
export interface Column {
  /** The head line's cell. */
  head: string;
  /** Spaces before the column. Default: 2. The first column has none. */
  gap?: number;
}

/**
 * Formats a table as `kubectl` does: a head line, then one line for each row, without box characters or trailing spaces.
 *
 * If the table is too wide, the widest columns become narrower, and their cells continue on the next line. Below about
 * 8 columns of text for each column of the table, lines become wider than the width.
 *
 * @param rows cells in the order of the columns. A row with fewer cells ends early.
 * @param width columns that a line may have. Default: {@link DEFAULT_WIDTH}.
 */
export function formatColumns(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number = DEFAULT_WIDTH,
): string {
  const gaps = columns.map(({ gap = 2 }, i) => (i === 0 ? 0 : gap));
  const table = [columns.map(({ head }) => head), ...rows];
  const cells = columns.map((_, i) => table.map((row) => row[i] ?? ""));
  const room = width - gaps.reduce((sum, gap) => sum + gap, 0);
  const words = cells.map((column) => longest(column.flatMap((cell) => cell.split(" "))));
  // Words are broken only if the table would still be too wide.
  const whole = shrink(cells.map(longest), room, words);
  const widths = shrink(
    whole,
    room,
    columns.map(() => NARROWEST),
  );
  const folded = table.map((row) => row.map((cell, i) => fold(cell, widths[i] as number)));
  const needed = columns.map((_, i) => longest(folded.flatMap((row) => row[i] ?? [])));
  return folded.flatMap((row) => formatRow(row, needed, gaps)).join("\n");
}

const longest = (texts: readonly string[]): number => Math.max(...texts.map(({ length }) => length));

/** Narrows the widest column again and again, until the sum is at most `room` or no column is above its least width. */
function shrink(widths: readonly number[], room: number, least: readonly number[]): number[] {
  const narrower = [...widths];
  let excess = widths.reduce((sum, width) => sum + width, 0) - room;
  for (; excess > 0; excess--) {
    const able = narrower.map((width, i) => (width > (least[i] as number) ? width : 0));
    const widest = able.indexOf(Math.max(...able));
    if (!able[widest]) break;
    narrower[widest] = (narrower[widest] as number) - 1;
  }
  return narrower;
}

/** The lines of one row: as many as its highest cell has. */
function formatRow(row: readonly string[][], widths: readonly number[], gaps: readonly number[]): string[] {
  const height = Math.max(...row.map((lines) => lines.length));
  return Array.from({ length: height }, (_, at) =>
    row
      .map((lines, i) => " ".repeat(gaps[i] as number) + (lines[at] ?? "").padEnd(widths[i] as number))
      .join("")
      .trimEnd(),
  );
}

/** A cell's lines. Breaks between words, and inside a word that is longer than the column. */
function fold(cell: string, width: number): string[] {
  return wrap(cell, { width, hang: 0 })
    .split("\n")
    .flatMap((line) => line.match(new RegExp(`.{1,${width}}`, "g")) ?? [""]);
}

/** How a paragraph is wrapped. */
export interface WrapOptions {
  /** Columns that a line may have. Default: {@link DEFAULT_WIDTH}. */
  width?: number;
  /** Further indentation of every line but the first, in columns. Default: 2. */
  hang?: number;
  /** Columns of the first line that are already in use, e.g. by the engine's `warning: `. Default: 0. */
  taken?: number;
}

/**
 * Wraps a paragraph between words, and after a comma in a list without spaces, with a hanging indent. A command in
 * backticks stays on one line if it fits, so that it can be copied. Never breaks another word: a URL that is longer than
 * the width gets a line of its own, so that it can be copied and clicked.
 *
 * @param text one paragraph. Its own indentation is kept, also in the lines that follow.
 */
export function wrap(text: string, { width = DEFAULT_WIDTH, hang = 2, taken = 0 }: WrapOptions = {}): string {
  const indent = text.length - text.trimStart().length;
  const [first = "", ...pieces] = piecesOf(text.trim(), width - indent - hang);
  const lines: string[] = [];
  let line = " ".repeat(indent) + first;
  for (const piece of pieces) {
    const room = lines.length === 0 ? width - taken : width;
    if (line.length + piece.length <= room) line += piece;
    else {
      lines.push(line);
      line = " ".repeat(indent + hang) + piece.trimStart();
    }
  }
  return [...lines, line].join("\n");
}

/** What may begin a line, each with the spaces before it: words, commands in backticks, entries of a list. */
function piecesOf(text: string, room: number): string[] {
  const words = text.match(/\s*(?:[^\s`]|`[^`]*`|`)+/g) ?? [];
  return words
    .flatMap((word) => (word.trim().length <= room ? [word] : (word.match(/\s*\S+/g) ?? [])))
    .flatMap((word) => (/`|https:/.test(word) ? [word] : word.split(/(?<=,)(?=.)/)));
}
