/** `lab trace`: one packet and its answer, hop by hop. */
import { Argument, type Command } from "commander";
import { encapsulationText, type LabPlan } from "../../../components/plan";
import type { Follower } from "../../../components/study";
import {
  command,
  endsWith,
  jsonOption,
  type LabOptions,
  named,
  stackOption,
  verboseOption,
} from "../command";
import { badUsage, DISAGREES } from "../failure";
import { findLabOrDefault, nameOf, requireLab } from "../labs";
import { print, printJson, widthOf } from "../terminal";
import type { PacketOptions } from "../trace-ends";

interface Options extends LabOptions, PacketOptions {
  observed?: boolean;
}

export const trace = (): Command =>
  command("trace", {
    summary: "follow one packet and its answer, hop by hop",
    details:
      "Follows a packet through the lab's plan, and its answer back: at each hop the devices, the route or rule that decides, and the headers with their lengths. Where the packet is lost, the cause and the fix. It is the verdict's own model, needs no running lab and changes nothing. Ends are pods (w1-1), nodes (w1), Services (service-a), NodePorts (w1:30000), `internet`, or their addresses. With --observed, the packet is sent in a lab that is up, and captured at each of these devices: on a cluster, at those of its nodes, by pods in the namespace encaplab-study. Exit code 0, also for a packet that is lost; 1 if what was captured is not what was predicted.",
    examples: [
      "trace w1-1 w3-1",
      "trace w1-1 w3-1 --size 1500 --stack L8",
      "trace w1-1 service-a --config encapsulation=None fabric=aws",
      "trace w1-1 w3-1 --observed",
      "trace w1-1 internet --tcp 443 --json",
    ],
  })
    .addArgument(new Argument("<from>", "a pod or a node"))
    .addArgument(new Argument("<to>", "a pod, node, Service, NodePort, or internet"))
    .addOption(stackOption())
    .option("--tcp <port>", "TCP to this port; default: a ping, and a Service's own port")
    .option("--udp <port>", "a datagram to this port")
    .option("--size <bytes>", "length of the whole IP packet, sent with DF set; default: 84")
    .option("-c, --config <key=value...>", "trace as if the config had these values")
    .option("--observed", "send the packet in the running lab, and show where it was captured")
    .addOption(jsonOption())
    .addOption(verboseOption())
    .action(endsWith(follow));

async function follow(fromText: string, toText: string, options: Options): Promise<number> {
  const { config: changes = [], json, verbose } = options;
  const { endsOf, packetTo } = require("../trace-ends") as typeof import("../trace-ends");
  const plans = require("../../../components/plan") as typeof import("../../../components/plan");
  const { formatTrace } = require("../../../components/study") as typeof import("../../../components/study");
  const { stack, plan, follower } = await (options.observed ? running(options) : planned(options));
  const { from, to } = endsOf(plan, fromText, toText);
  const traced = plans.trace(plan, from, to, packetTo(to, options));
  const observed = await follower?.follow(traced, to);
  const { encapsulation, ipPools, fabric, faults } = plan;
  if (json) printJson({ stack, changes, encapsulation, ipPools, fabric, faults, trace: traced, observed });
  else {
    const supposed = changes.length > 0 ? ` with ${changes.join(" ")}` : "";
    print(
      [
        `Stack ${stack}${supposed}: ${encapsulationText(plan)} on the ${fabric} fabric.`,
        formatTrace(traced, { verbose, width: widthOf(process.stdout) }, observed),
      ].join("\n"),
    );
  }
  return !observed || observed.agrees ? 0 : DISAGREES;
}

/** What a trace is about. The follower is there only if its packets are to be captured. */
interface Traced {
  stack: string;
  plan: LabPlan;
  follower?: Follower;
}

/** The lab as its config has it, also while it is not up. */
async function planned(options: Options): Promise<Traced> {
  const { parseChange } = require("../config-path") as typeof import("../config-path");
  const { labConfig } = require("../overlay") as typeof import("../overlay");
  const { planOf } = require("../lab-plan") as typeof import("../lab-plan");
  const which = named(undefined, options);
  const stack = nameOf(which) ?? (await findLabOrDefault(which));
  const { file, config } = labConfig(stack, options.config?.map(parseChange));
  return { stack, plan: planOf(file, config) };
}

/** The lab as it is deployed. @throws {Failure} when nothing can be sent there. */
async function running(options: Options): Promise<Traced> {
  if (options.config) throw badUsage("--observed looks at the lab as it is: leave --config out.");
  const { followerOf } = require("../observation") as typeof import("../observation");
  const stack = await requireLab(named(undefined, options));
  const follower = await followerOf(stack);
  return { stack, plan: follower.plan, follower };
}
