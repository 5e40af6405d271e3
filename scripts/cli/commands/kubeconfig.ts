/** `lab kubeconfig`: what kubectl needs. */
import type { Command } from "commander";
import { command, endsWith, type LabOptions, named, STACK, stackOption } from "../command";
import { type Named, requireLab } from "../labs";

export const kubeconfig = (): Command =>
  command("kubeconfig", {
    summary: "print the cluster's kubeconfig on standard output",
    details:
      "Prints what kubectl needs to administer the lab's cluster, as soon as it has a control plane, even while `up` still runs. It is a secret: keep the file to yourself. `npm run -s` keeps npm's own lines out of it.",
    examples: ["kubeconfig containers > kubeconfig"],
  })
    .argument(...STACK)
    .addOption(stackOption())
    .action(endsWith((stack: string | undefined, options: LabOptions) => printIt(named(stack, options))));

async function printIt(which: Named): Promise<number> {
  const stack = await requireLab(which);
  const { readKubeconfig } = require("../kubeconfig") as typeof import("../kubeconfig");
  process.stdout.write(`${await readKubeconfig(stack)}\n`);
  return 0;
}
