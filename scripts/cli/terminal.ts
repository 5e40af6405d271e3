/** Text for people: never wider than their terminal. */
import { wrap as wrapParagraph } from "../../components/study";

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

/** Breaks the lines that are too long between words, with the continuation indented by two more columns. */
export const wrap = (text: string, width: number): string =>
  text
    .split("\n")
    .map((line) => (line.length <= width ? line : wrapParagraph(line, { width })))
    .join("\n");

/**
 * Lines of columns: each as wide as its widest cell, two blanks between them. The last column is as wide as there is
 * room for on standard output, and continues below itself.
 */
export function columns(rows: readonly (readonly string[])[], indent = ""): string[] {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? [];
  return rows.map((row) => {
    const before = row.slice(0, -1).map((cell, i) => `${cell.padEnd(widths[i] ?? 0)}  `);
    const start = indent + before.join("");
    const width = widthOf(process.stdout) - start.length;
    const cell = wrapParagraph(row.at(-1) ?? "", { width, hang: 0 });
    return `${start}${cell.replaceAll("\n", `\n${" ".repeat(start.length)}`)}`.trimEnd();
  });
}
