/** Captures in a lab that is up: finds the place, the device and the filter, and says how it went. */
import { once } from "node:events";
import * as fs from "node:fs";
import { runScript } from "../../components/infrastructure/twin/sandbox";
import { fabricFacts, type LabPlan, type Path } from "../../components/plan";
import type { Ending } from "../../components/remote";
import { pathFilter } from "../../components/study";
import { type CaptureOrder, type CaptureSink, captureInTwin, captureOnMachine } from "./capture";
import { deploymentOf, outputsOf, runningTwin } from "./deployment";
import { badUsage, Failure } from "./failure";
import { planOf } from "./lab-plan";
import { labConfig } from "./overlay";
import { machinesOf, targetOf } from "./remote-shell";
import { prepareEngineFor } from "./setup";
import { noSuchName } from "./spelling";
import { say } from "./terminal";

/** What the user wants to capture. */
export interface WantedCapture extends Pick<CaptureOrder, "device" | "filter" | "count" | "duration"> {
  path?: Path;
  /** `-` is standard output; undefined: packets as text, on the terminal. */
  file?: string;
}

/** Paths whose addresses on the wire are known although Calico has chosen the pods'. */
const ON_MACHINES: readonly Path[] = ["same-subnet", "cross-subnet", "pod-to-node", "node-to-pod"];

/** Captures until Ctrl-C, the count or the duration, and returns the exit code. */
export async function runCapture(stack: string, name: string, wanted: WantedCapture): Promise<number> {
  const deployed = deploymentOf(stack) ?? {};
  const machines = machinesOf(deployed);
  const capture =
    machines.length > 0 ? await onMachine(stack, name, machines, wanted) : await inTwin(stack, name, wanted);
  const { file } = wanted;
  const out = file === undefined || file === "-" ? process.stdout : fs.createWriteStream(file);
  if (out !== process.stdout)
    await once(out, "open").catch((error) => Promise.reject(asFailure(file, error)));
  const { code, stderr } = await untilStopped((stop) => capture({ out, stop }));
  if (out !== process.stdout) {
    out.end();
    await once(out, "close");
  }
  if (code !== 0) throw new Failure(`Nothing more was captured on ${name}: ${sentence(stderr)}`, 1);
  const packets = /^(\d+) packets? captured$/m.exec(stderr)?.[1];
  const where = file && file !== "-" ? `, in ${file}` : "";
  if (packets !== undefined)
    say(`${packets} packet${packets === "1" ? "" : "s"} captured on ${name}${where}.`);
  return 0;
}

type Capture = (sink: CaptureSink) => Promise<Ending>;

async function inTwin(stack: string, name: string, wanted: WantedCapture): Promise<Capture> {
  const { sandbox, plan } = runningTwin(stack);
  const names = (await runScript(sandbox, "ls /run/netns")).trim().split(/\s+/);
  if (!names.includes(name)) throw noSuchName(stack, name, names);
  const chosen = wanted.path && plan && chosenBy(stack, plan, name, wanted.path);
  const isPod = plan?.nodes.some(({ pods }) => pods.some((pod) => pod.name === name));
  const isNode = plan?.nodes.some((node) => node.name === name);
  const usual = isNode && plan ? fabricFacts(plan).nic : isPod ? "eth0" : "any";
  const { device = wanted.device ?? usual, filter = wanted.filter } = chosen ?? {};
  const order = { ...wanted, device, filter, asText: wanted.file === undefined };
  return (sink) => captureInTwin(sandbox, name, order, sink);
}

async function onMachine(
  stack: string,
  name: string,
  machines: readonly string[],
  wanted: WantedCapture,
): Promise<Capture> {
  if (!machines.includes(name)) throw noSuchName(stack, name, machines);
  const { path } = wanted;
  if (path && !ON_MACHINES.includes(path)) {
    throw badUsage(
      `--path ${path} is for a twin: on a cluster, Calico chooses the pods' addresses. Write a filter, for example: host ADDRESS.`,
    );
  }
  const chosen = path && chosenBy(stack, configured(stack), name, path);
  const address = outputsOf(deploymentOf(stack) ?? {})?.nodes?.find((node) => node.name === name)?.address;
  await prepareEngineFor(stack); // only the engine can decrypt the login
  const target = targetOf(stack, name);
  // The capture itself comes over SSH: it would capture itself.
  const usual = wanted.filter || "not tcp port 22";
  const order = {
    ...wanted,
    address,
    filter: chosen ? chosen.filter : usual,
    asText: wanted.file === undefined,
  };
  return (sink) => captureOnMachine(target, order, sink);
}

function configured(stack: string): LabPlan {
  const { file, config } = labConfig(stack);
  return planOf(file, config);
}

function chosenBy(stack: string, plan: LabPlan, name: string, path: Path) {
  const node = plan.nodes.find((one) => one.name === name);
  if (!node) throw badUsage(`--path is for a node of the lab ${stack}, and ${name} is none.`);
  const found = pathFilter(plan, node, path);
  if (found && found.filter !== "") return found;
  throw badUsage(`No packet of the path ${path} comes by ${name}'s interface in the lab ${stack}.`);
}

const asFailure = (file: string | undefined, error: Error): Failure =>
  badUsage(`${file} cannot be written: ${error.message}.`);

/** What tcpdump said, without what it always says. */
function sentence(stderr: string): string {
  const lines = stderr
    .split("\n")
    .filter((line) => line !== "" && !/listening on|verbose output|packets? /.test(line));
  return lines.join(" ") || "tcpdump ended with an error and said nothing.";
}

/** Ctrl-C ends the capture in good order: the packets that were taken are written. */
async function untilStopped<T>(work: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = () => controller.abort();
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, stop);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}
