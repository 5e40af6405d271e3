/** `lab trace`: one packet and its answer, hop by hop. */
import { Argument, type Command } from "commander";
import {
  command,
  endsWith,
  jsonOption,
  type LabOptions,
  named,
  stackOption,
  verboseOption,
} from "../command";
import { findLabOrDefault, nameOf } from "../labs";
import { print, printJson, widthOf } from "../terminal";
import type { PacketOptions } from "../trace-ends";

interface Options extends LabOptions, PacketOptions {}

export const trace = (): Command =>
  command("trace", {
    summary: "follow one packet and its answer, hop by hop",
    details:
      "Follows a packet through the lab's plan, and its answer back: at each hop the devices, the route or rule that decides, and the headers with their lengths. Where the packet is lost, the cause and the fix. It is the verdict's own model, needs no running lab and changes nothing. Ends are pods (w1-1), nodes (w1), Services (service-a), NodePorts (w1:30000), `internet`, or their addresses. Exit code 0, also for a packet that is lost.",
    examples: [
      "trace w1-1 w3-1",
      "trace w1-1 w3-1 --size 1500 --stack L8",
      "trace w1-1 service-a --config encapsulation=None fabric=aws",
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
    .addOption(jsonOption())
    .addOption(verboseOption())
    .action(endsWith(follow));

async function follow(fromText: string, toText: string, options: Options): Promise<number> {
  const { config: changes = [], json, verbose } = options;
  const { parseChange } = require("../config-path") as typeof import("../config-path");
  const { labConfig } = require("../overlay") as typeof import("../overlay");
  const { planOf } = require("../lab-plan") as typeof import("../lab-plan");
  const { endsOf, packetTo } = require("../trace-ends") as typeof import("../trace-ends");
  const plans = require("../../../components/plan") as typeof import("../../../components/plan");
  const which = named(undefined, options);
  const stack = nameOf(which) ?? (await findLabOrDefault(which));
  const config = labConfig(stack, changes.map(parseChange));
  const plan = planOf(config.file, config.config);
  const { from, to } = endsOf(plan, fromText, toText);
  const traced = plans.trace(plan, from, to, packetTo(to, options));
  const { encapsulation, fabric, faults } = plan;
  if (json) {
    printJson({ stack, changes, encapsulation, fabric, faults, trace: traced });
    return 0;
  }
  const { formatTrace } = require("../../../components/study") as typeof import("../../../components/study");
  const supposed = changes.length > 0 ? ` with ${changes.join(" ")}` : "";
  print(
    [
      `Stack ${stack}${supposed}: ${encapsulation} on the ${fabric} fabric.`,
      formatTrace(traced, { verbose, width: widthOf(process.stdout) }),
    ].join("\n"),
  );
  return 0;
}
