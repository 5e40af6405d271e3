/** `lab completion`: a script that completes commands, options and names in a shell. */
import { Argument, type Command } from "commander";
import { command, endsWith } from "../command";

const SHELLS = ["bash", "zsh", "fish"] as const;

export const completion = (): Command =>
  command("completion", {
    summary: "print a completion script for a shell",
    details: "Prints a script that completes commands, options, stacks and encapsulations after `lab`.",
    examples: [
      "completion bash > ~/.local/share/bash-completion/completions/lab",
      "completion fish > ~/.config/fish/completions/lab.fish",
    ],
  })
    .addArgument(new Argument("<shell>", "the shell").choices(SHELLS))
    .action(endsWith(printScript));

function printScript(shell: (typeof SHELLS)[number], _options: object, own: Command): number {
  const { completionScript } = require("../completion-script") as typeof import("../completion-script");
  process.stdout.write(completionScript(shell, own.parent as Command));
  return 0;
}
