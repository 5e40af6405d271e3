/** `lab cache`: what is kept in the cache folder. `scripts/setup` knows it. */
import { Argument, type Command } from "commander";
import { command, endsWith, jsonOption, type LabOptions } from "../command";
import { badUsage } from "../failure";
import { runSetup } from "../setup";

export const cache = (): Command =>
  command("cache", {
    summary: "show what the cache holds, or remove what is not used any more",
    details:
      "Shows what encaplab has downloaded and built, with sizes. `prune` removes what this version does not use: old engines and old layers of nodes.",
    examples: ["cache", "cache prune"],
  })
    .addArgument(new Argument("[action]", "what to do; default: show").choices(["prune"]))
    .addOption(jsonOption())
    .action(endsWith(showCache));

function showCache(action: string | undefined, { json }: LabOptions): Promise<number> {
  if (action && json) throw badUsage("--json shows the cache; it does not go with `prune`.");
  return runSetup("cache", ...(action ? [action] : []), ...(json ? ["--json"] : []));
}
