/** How the user started this command line, and so what to type for another command. */
import * as path from "node:path";

/** The folder with the program `lab`, which `eval "$(scripts/lab env)"` puts on PATH. */
export const BIN = path.join(__dirname, "bin");

/**
 * How to type another command: `npm run lab -- up L9` if npm started this one, else `lab up L9`, or `scripts/lab up L9`
 * while `lab` is not on PATH.
 */
export function typed(words: string, env: NodeJS.ProcessEnv = process.env): string {
  return words === "" ? prefix(env).replace(/ --$/, "") : `${prefix(env)} ${words}`;
}

/** As {@link typed}, for a command whose standard output goes to a file: npm's own lines must not get into it. */
export const typedQuietly = (words: string, env: NodeJS.ProcessEnv = process.env): string =>
  typed(words, env).replace(/^npm run /, "npm run -s ");

function prefix(env: NodeJS.ProcessEnv): string {
  if (startedByNpm(env)) return "npm run lab --";
  return (env.PATH ?? "").split(path.delimiter).includes(BIN) ? "lab" : "scripts/lab";
}

/** Whether `npm run lab` started this process. */
export const startedByNpm = (env: NodeJS.ProcessEnv = process.env): boolean =>
  env.npm_lifecycle_event === "lab";
