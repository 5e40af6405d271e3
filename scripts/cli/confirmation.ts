/** Asks the user before something happens that may not be wanted. */
import { badUsage } from "./failure";

/** Whether the user has answered yes beforehand, by `--yes`. */
interface Answered {
  yes?: boolean;
}

/**
 * Asks before something that the user may not want.
 * @param why a clause for those who cannot be asked.
 * @throws {Failure} without a terminal to ask on, unless `--yes` answers.
 */
export async function confirmed(question: string, why: string, options: Answered): Promise<boolean> {
  requireAnswer(why, options);
  return options.yes === true || ask(question);
}

/** @throws {Failure} when there was no answer, and there is no terminal to ask on. */
export function requireAnswer(why: string, { yes = false }: Answered): void {
  if (yes || (process.stdin.isTTY && process.stdout.isTTY)) return;
  throw badUsage(`${why}: confirm with --yes, or run it on a terminal.`);
}

/** Asks on the terminal. */
export async function ask(question: string): Promise<boolean> {
  const { createInterface } = require("node:readline/promises") as typeof import("node:readline/promises");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
