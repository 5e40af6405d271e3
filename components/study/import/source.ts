/** Where something was read. */

/** A place in what the user gave. */
export interface Source {
  /** The file as the user named it; `-` is standard input. */
  file: string;
  /** From 1. Undefined where the whole file is meant, or the input has no lines, as a cluster's API. */
  line?: number;
}

/** `nodes.yaml:12`, or `nodes.yaml`. */
export const showSource = ({ file, line }: Source): string => {
  const name = file === "-" ? "standard input" : file;
  return line === undefined ? name : `${name}:${line}`;
};

/** Something in the input that cannot be used. */
export interface Problem {
  source: Source;
  /** What was expected there, and what is there instead, in one sentence without the full stop. */
  message: string;
}

/** Text of the input without what a terminal would take for a command: names and files can have anything in them. */
export const clean = (text: string): string => text.replace(/[\p{C}]/gu, " ");

/** `nodes.yaml:12: must be …` */
export const showProblem = ({ source, message }: Problem): string =>
  clean(`${showSource(source)}: ${message}`);

/** Text of the input for a message: one line, printable, not too long. */
export function excerpt(text: string, most = 60): string {
  const line = text.replace(/[\p{C}]|\s+/gu, " ").trim();
  return line.length > most ? `${line.slice(0, most)}…` : line;
}
