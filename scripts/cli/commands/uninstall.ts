/** `lab uninstall`: removes everything outside the checkout. `scripts/setup` knows what that is. */
import type { Command } from "commander";
import { command, endsWith, type LabOptions } from "../command";
import { Failure } from "../failure";
import { labsUp } from "../labs";
import { prepareToRead, runSetup } from "../setup";

export const uninstall = (): Command =>
  command("uninstall", {
    summary: "remove everything that encaplab keeps outside the checkout",
    details:
      "Removes the state folder and the cache folder, after a question. Refuses while a lab is up: nothing could take it down any more.",
    examples: ["uninstall", "uninstall --yes"],
  })
    .option("-y, --yes", "do not ask")
    .action(endsWith(remove));

async function remove({ yes }: LabOptions): Promise<number> {
  await prepareToRead();
  const up = labsUp();
  if (up.length > 0) throw new Failure(`Take these labs down first: ${up.join(", ")}.`, 1);
  return runSetup("uninstall", ...(yes ? ["--yes"] : []));
}
