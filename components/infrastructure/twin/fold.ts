/**
 * Folds lists of lines that differ only in numbers which grow evenly, as a node's routes to all other nodes do. The engine
 * keeps each resource's state twice, and writes the states of all resources before and after each step: without this, a lab of
 * 256 nodes would write up to 35 MB at each of five hundred steps. Pure.
 */

/** Shorter runs are left as they are: a preview of a small lab shows each line. */
const LEAST = 8;

/**
 * A folded run: its first line, its length, and its last line. No line of `ip`, nftables or BIRD contains this character, `…`. It
 * is escaped, because the bundle is read as ASCII (scripts/bundle/compile.cjs), and esbuild escapes all but regular expressions.
 */
const RUN = /^(.*) \u2026 (\d+) lines \u2026 (.*)$/;

/** MAC addresses, IPv4 addresses (also as BIRD's names have them: `10_0_3_11`), and whole numbers. */
const NUMBERS = /([0-9a-f]{2}(?::[0-9a-f]{2}){5})|(\d+)([._])(\d+)\3(\d+)\3(\d+)|\d+/g;

/** The separator of a number's bytes, which says how it is written; empty for a whole number. */
type Notation = ":" | "." | "_" | "";

/** A line, as its numbers and the text around them: there is one text more than there are numbers. */
interface Parsed {
  texts: string[];
  notations: Notation[];
  numbers: number[];
}

/** A state with every list of lines and every text folded. {@link unfold} returns the state. */
export const fold = <State>(state: State): State => mapLines(state, foldLines) as State;

/** The state that was folded. One that was not, as in a lab of an earlier version, stays as it is. */
export const unfold = <State>(state: State): State => mapLines(state, unfoldLines) as State;

function mapLines(value: unknown, change: (lines: string[]) => string[]): unknown {
  if (typeof value === "string") return change(value.split("\n")).join("\n");
  if (Array.isArray(value)) {
    const isText = value.every((one) => typeof one === "string");
    return isText ? change(value) : value.map((one) => mapLines(one, change));
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, mapLines(one, change)]));
}

function foldLines(lines: string[]): string[] {
  if (lines.length < LEAST) return lines;
  const parsed = lines.map(parseOnce);
  const folded: string[] = [];
  for (let at = 0; at < lines.length; ) {
    const length = runAt(parsed, at);
    const run = lines.slice(at, at + length);
    folded.push(...(length < LEAST ? run : [`${run[0]} … ${length} lines … ${run.at(-1)}`]));
    at += length;
  }
  return folded;
}

/** How many lines from here on grow evenly. */
function runAt(lines: readonly Parsed[], at: number): number {
  const steps = stepsBetween(lines[at], lines[at + 1]);
  if (!steps) return 1;
  let end = at + 2;
  const isSame = (others: number[] | undefined) => others?.every((step, i) => step === steps[i]) ?? false;
  while (isSame(stepsBetween(lines[end - 1], lines[end]))) end++;
  return end - at;
}

/** By how much each number differs; undefined for lines that differ in more. */
function stepsBetween(from: Parsed | undefined, to: Parsed | undefined): number[] | undefined {
  if (!from || !to || !isEqual(from.texts, to.texts) || !isEqual(from.notations, to.notations))
    return undefined;
  return to.numbers.map((number, i) => number - (from.numbers[i] as number));
}

const isEqual = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((text, i) => text === other[i]);

function unfoldLines(lines: string[]): string[] {
  return lines.flatMap((line) => {
    const [, begin = "", count, end = ""] = (line.includes("…") && RUN.exec(line)) || [];
    if (!count) return line;
    const [first, length] = [parse(begin), Number(count)];
    const steps = stepsBetween(first, parse(end))?.map((distance) => distance / (length - 1));
    return steps ? Array.from({ length }, (_, k) => lineAt(first, steps, k)) : line;
  });
}

function lineAt({ texts, notations, numbers }: Parsed, steps: readonly number[], k: number): string {
  let line = texts[0] as string;
  for (let i = 0; i < numbers.length; i++)
    line += write((numbers[i] as number) + (steps[i] as number) * k, notations[i] as Notation) + texts[i + 1];
  return line;
}

/** Most lines of a node are also those of others. */
const known = new Map<string, Parsed>();

function parseOnce(line: string): Parsed {
  const parsed = known.get(line) ?? parse(line);
  known.set(line, parsed);
  return parsed;
}

/** Splits a line at its numbers. What would be written otherwise, such as `007` or `10.0.0.999`, is text. */
function parse(line: string): Parsed {
  const parsed: Parsed = { texts: [], notations: [], numbers: [] };
  let from = 0;
  for (const { 0: word, 1: mac, 3: separator, index } of line.matchAll(NUMBERS)) {
    const notation = mac ? ":" : ((separator ?? "") as Notation);
    const number = read(word, notation);
    if (write(number, notation) !== word) continue;
    parsed.texts.push(line.slice(from, index));
    parsed.notations.push(notation);
    parsed.numbers.push(number);
    from = index + word.length;
  }
  parsed.texts.push(line.slice(from));
  return parsed;
}

function read(word: string, notation: Notation): number {
  if (notation === "") return Number(word);
  if (notation === ":") return Number.parseInt(word.replaceAll(":", ""), 16);
  return word.split(notation).reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

function write(number: number, notation: Notation): string {
  if (notation === "") return `${number}`;
  if (notation === ":")
    return number
      .toString(16)
      .padStart(12, "0")
      .replace(/..(?=.)/g, "$&:");
  const bytes = [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255];
  return bytes.join(notation);
}
