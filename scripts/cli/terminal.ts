/** Text for people: never wider than their terminal. */

/** The width where the output goes to a file or a program, and `COLUMNS` does not say another. */
const WITHOUT_TERMINAL = 80;

/** How many characters fit on a line of the stream. */
export function widthOf({ columns }: { columns?: number }): number {
  return columns || Number(process.env.COLUMNS) || WITHOUT_TERMINAL;
}

/** Writes a command's result to standard output. */
export function print(text: string): void {
  process.stdout.write(`${wrap(text, widthOf(process.stdout))}\n`);
}

/** Writes a line beside the result, to standard error: programs read standard output. */
export function say(text: string): void {
  process.stderr.write(`${wrap(text, widthOf(process.stderr))}\n`);
}

/** What is said when the user answers no. */
export const NOTHING_CHANGED = "Nothing was changed.";

/** Writes data for programs to standard output. */
export function printJson(data: unknown): void {
  process.stdout.write(`${JSON.stringify(data, null, 2)}\n`);
}

/**
 * Breaks long lines between words, with the continuation indented by two more columns. A command in backticks stays on
 * one line, so that it can be copied, as long as it fits. Lines of tables, and words that are too long, stay as they are.
 */
export const wrap = (text: string, width: number): string =>
  text
    .split("\n")
    .map((line) => wrapLine(line, width))
    .join("\n");

const TABLE = /^\s*[┌├│└]/;

function wrapLine(line: string, width: number): string {
  if (line.length <= width || TABLE.test(line)) return line;
  return hang(line, width, (/^ */.exec(line)?.[0].length ?? 0) + 2);
}

function hang(line: string, width: number, indent: number): string {
  const room = width - indent;
  const lines: string[] = [];
  let current = "";
  for (const word of wordsOf(line, room)) {
    // A URL that is too long for any line stays where it is.
    const fits = current.length + word.length <= width || word.trim().length > room;
    if (current === "" || fits) current += word;
    else {
      lines.push(current);
      current = " ".repeat(indent) + word.trimStart();
    }
  }
  return [...lines, current].join("\n");
}

/** Words with the blanks before them. A span in backticks is one word if it fits. */
function wordsOf(line: string, room: number): string[] {
  const words = line.match(/\s*(?:[^\s`]|`[^`]*`|`)+/g) ?? [];
  return words.flatMap((word) => (word.trim().length <= room ? [word] : (word.match(/\s*\S+/g) ?? [])));
}

/**
 * Lines of columns: each as wide as its widest cell, two blanks between them. The last column is as wide as there is
 * room for on standard output, and continues below itself.
 */
export function columns(rows: readonly (readonly string[])[], indent = ""): string[] {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? [];
  return rows.map((row) => {
    const before = row.slice(0, -1).map((cell, i) => `${cell.padEnd(widths[i] ?? 0)}  `);
    const start = indent + before.join("");
    return hang(`${start}${row.at(-1)}`.trimEnd(), widthOf(process.stdout), start.length);
  });
}
