/** `lab capture`: packets of a node as a pcap, into a file or into Wireshark. */
import { Argument, type Command, Option } from "commander";
import { PATHS, type Path } from "../../../components/plan";
import { command, endsWith, type LabOptions, named, stackOption } from "../command";
import { badUsage } from "../failure";
import { requireLab } from "../labs";

interface Options extends LabOptions {
  path?: Path;
  interface?: string;
  write?: string;
  count?: string;
  duration?: string;
}

export const capture = (): Command =>
  command("capture", {
    summary: "capture a node's packets into a pcap, or into Wireshark",
    details:
      "Runs tcpdump on a node, of a twin or a cluster; on a twin also in a pod (w1-1), router, internet or fabric. Writes a pcap to a file, or to standard output if that is a pipe; on a terminal, the packets as text. --path captures only the packets of a path, as they are on the node's interface: in their tunnel, if they have one. A filter is as for tcpdump (pcap-filter(7)). Ends with Ctrl-C, and by --count and --duration.",
    examples: [
      "capture w1 --path cross-subnet -w w1.pcap --duration 10",
      "capture w1 | wireshark -k -i -",
      "capture router --count 5 udp port 4789",
    ],
  })
    .argument("<name>", "a node; on the twin also a pod, router, internet or fabric")
    .addArgument(new Argument("[filter...]", "the packets to capture, as for tcpdump; default: all"))
    .addOption(stackOption())
    .addOption(new Option("-p, --path <path>", "only the packets of this path").choices(PATHS))
    .option("-i, --interface <device>", "the device; default: the node's interface, a pod's eth0, else any")
    .option("-w, --write <file>", "the pcap to write; - is standard output")
    .option("--count <packets>", "end after so many packets")
    .option("--duration <seconds>", "end after so many seconds")
    .action(endsWith(start));

async function start(name: string, words: readonly string[], options: Options): Promise<number> {
  const count = numberIn("--count", options.count);
  const duration = numberIn("--duration", options.duration);
  if (options.path && (words.length > 0 || options.interface))
    throw badUsage("--path chooses device and filter by itself: leave --interface and the filter out.");
  const isPipe = process.stdout.isTTY !== true;
  if (options.write === "-" && !isPipe)
    throw badUsage("-w - writes a pcap to standard output, which is a terminal: pipe it, or name a file.");
  const stack = await requireLab(named(undefined, options));
  const { runCapture } = require("../capture-lab") as typeof import("../capture-lab");
  return runCapture(stack, name, {
    path: options.path,
    device: options.interface,
    filter: words.join(" "),
    file: options.write ?? (isPipe ? "-" : undefined),
    count,
    duration,
  });
}

function numberIn(option: string, text: string | undefined): number | undefined {
  if (text === undefined || /^[1-9]\d{0,8}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw badUsage(`${option} is "${text}"; it must be a whole number of at least 1.`);
}
