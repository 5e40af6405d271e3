/** What all commands have in common: help with an example, options with one meaning, and an exit code. */
import { Command, Option } from "commander";
import { typed } from "./invocation";
import type { Named } from "./labs";

/** The texts of a command's help. */
export interface Help {
  /** One line for the list of commands. */
  summary: string;
  /** What it does, in a few sentences. */
  details: string;
  /** Command lines without the program's name. */
  examples: readonly string[];
}

/** Options that several commands have. */
export interface LabOptions {
  stack?: string;
  yes?: boolean;
  json?: boolean;
  verbose?: boolean;
  config?: string[];
}

/** A command with its help. */
export function command(name: string, { summary, details, examples }: Help): Command {
  const lines = examples.map((example) => `\n  ${typed(example)}`).join("");
  return new Command(name)
    .summary(summary)
    .description(details)
    .addHelpText("after", `\nExample${examples.length > 1 ? "s" : ""}:${lines}`)
    .showHelpAfterError("(--help shows the options and an example)");
}

/** The argument of a command on one lab. */
export const STACK = ["[stack]", "the lab's stack; default: the only lab that is up"] as const;

export const stackOption = (): Option =>
  new Option("-s, --stack <stack>", "the stack, stacks/Pulumi.<stack>.yaml");
export const yesOption = (): Option =>
  new Option("-y, --yes", "answer yes before machines are changed, and before tools are installed");
export const jsonOption = (): Option => new Option("--json", "print the result as JSON");
export const verboseOption = (): Option =>
  new Option("-v, --verbose", "also show packets, routes and every resource");

/** The lab that the user names by argument or option. */
export const named = (stack: string | undefined, { stack: option }: LabOptions): Named => ({ stack, option });

/** Makes an action whose result is the exit code of the process. */
export const endsWith =
  <Arguments extends unknown[]>(action: (...argv: Arguments) => number | Promise<number>) =>
  async (...argv: Arguments): Promise<void> => {
    process.exitCode = await action(...argv);
  };
