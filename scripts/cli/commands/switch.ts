/** `lab switch`: another encapsulation for a running lab. */
import { Argument, type Command } from "commander";
import { ENCAPSULATIONS } from "../../../components/config";
import { command, endsWith, named, stackOption, verboseOption, yesOption } from "../command";
import { badUsage } from "../failure";
import { typed } from "../invocation";
import { DEFAULT_STACK, findLab, NONE_UP } from "../labs";
import { encapsulationOf } from "../spelling";
import type { SwitchOptions } from "../switch-lab";

export const switchCommand = (): Command =>
  command("switch", {
    summary: "run the lab with another encapsulation",
    details:
      "Changes the encapsulation of a lab that is up, and shows which paths that changed. Nothing is replaced, unless a twin must move into a QEMU machine because this kernel has no ipip driver. A switch that would cut off paths that work now says which and why, and asks first; without a terminal it needs --yes. The change belongs to the lab: the stack's file stays as it is. During the switch, 20 packets a second go between pods on each kind of path, in both directions; afterwards the command says what was lost, in which order devices and routes changed, and which old connections broke. On a cluster, pods keep their old MTU until they are restarted; the command then lists these pods and says how to restart them.",
    examples: ["switch IPIPCrossSubnet", "switch VXLAN --stack containers --restart-pods"],
  })
    .addArgument(
      new Argument("<encapsulation>", "how packets travel between nodes")
        .choices(ENCAPSULATIONS)
        .argParser(encapsulationOf),
    )
    .addOption(stackOption())
    .option("--restart-pods", "then restart the study's pods of a cluster, never your own")
    .option("--no-watch", "send no packets during the switch, and do not say what it lost")
    .addOption(yesOption())
    .addOption(verboseOption())
    .action(endsWith(switchTo));

async function switchTo(encapsulation: string, options: SwitchOptions): Promise<number> {
  const { isRunning, switchLab } = require("../switch-lab") as typeof import("../switch-lab");
  const stack = await findLab(named(undefined, options));
  if (stack === undefined || !isRunning(stack)) throw isDown(stack, encapsulation);
  return switchLab(stack, encapsulation, options);
}

function isDown(stack: string | undefined, encapsulation: string): Error {
  const what = stack === undefined ? NONE_UP : `The lab ${stack} is not up.`;
  const build = typed(`up ${stack ?? DEFAULT_STACK} --config encapsulation=${encapsulation}`);
  return badUsage(`${what} \`switch\` changes a running lab; \`${build}\` builds one with ${encapsulation}.`);
}
