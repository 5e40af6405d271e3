/** Packets that pods lose while a lab changes, measured by steady probes as in cilium's conn-disrupt tests. */
import { spawn } from "node:child_process";
import type { LabPlan } from "../../components/plan";
import type { MachinesLab } from "./machines-lab";
import { type Pod, pods } from "./pods";

/** Probes per second on each pair. */
const RATE = 20;
const PERIOD = 1000 / RATE;

/** What one ordered pair of pods lost. */
export interface Loss {
  path: "same-node" | "same-subnet" | "cross-subnet" | "pod-to-node";
  from: string;
  to: string;
  /** Milliseconds: {@link PERIOD} for each probe without an answer. */
  lost: number;
  /** Milliseconds: the longest run of lost probes. */
  gap: number;
}

interface Pair extends Pick<Loss, "path" | "from" | "to"> {
  pod: Pod;
  address: string;
}

/**
 * Sends probes along every path, in both directions, from before the change until after it.
 * @param change ends when the change is in force.
 * @returns a row per ordered pair.
 */
export async function lossDuring(lab: MachinesLab, change: () => Promise<unknown>): Promise<Loss[]> {
  const pairs = pairsFrom(lab.plan, await pods(lab));
  const sources = [...new Set(pairs.map(({ pod }) => pod))];
  const probes = sources.map((pod) =>
    startProbes(
      lab,
      pairs.filter((pair) => pair.pod === pod),
    ),
  );
  await Promise.all(probes.map(({ started }) => started));
  await change();
  const rows = await Promise.all(probes.map(({ stop }) => stop()));
  return rows.flat();
}

function pairsFrom(plan: LabPlan, there: readonly Pod[]): Pair[] {
  const at = (node: string, index: number) => there.find((pod) => pod.node === node && pod.index === index);
  return plan.nodes.flatMap((a) => {
    const pod = at(a.name, 0);
    if (!pod) throw new Error(`no pod on ${a.name}`);
    const to = plan.nodes.flatMap((b): Pair[] => {
      const other = at(b.name, a === b ? 1 : 0);
      if (!other) throw new Error(`no pod on ${b.name}`);
      const path = a === b ? "same-node" : a.subnet === b.subnet ? "same-subnet" : "cross-subnet";
      const pair: Pair = { path, from: a.name, to: b.name, pod, address: other.address };
      return a === b ? [pair] : [pair, { ...pair, path: "pod-to-node", address: b.address }];
    });
    return to;
  });
}

/** One shell in the pod runs all its pings. They end when the shell's standard input closes. */
function startProbes(lab: MachinesLab, pairs: readonly Pair[]) {
  const script = [
    "cd /tmp && rm -f loss.*",
    ...pairs.map(({ address }, i) => `ping -n -i ${1 / RATE} ${address} >loss.${i} 2>&1 & pids="$pids $!"`),
    "echo started; cat >/dev/null",
    "kill -INT $pids; wait",
    ...pairs.map((_, i) => `echo "== ${i}"; cat loss.${i}`),
  ].join("\n");
  const [command, argv] = lab.kubectlArgv([
    "exec",
    "-i",
    pairs[0]?.pod.name ?? "",
    "-c",
    "shell",
    "--",
    "sh",
    "-c",
    script,
  ]);
  const child = spawn(command, argv, { stdio: ["pipe", "pipe", "inherit"] });
  let text = "";
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const started = new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk;
      if (text.includes("started")) resolve();
    });
    child.once("close", () => reject(new Error(`the probes ended early: ${text}`)));
  });
  return {
    started,
    async stop(): Promise<Loss[]> {
      child.stdin.end();
      await ended;
      const reports = text.split(/^== \d+$/m).slice(1);
      return pairs.map(({ path, from, to }, i) => ({ path, from, to, ...lossIn(reports[i] ?? "") }));
    },
  };
}

/** @param report what `ping` printed: a line per answer, and how many it sent. */
export function lossIn(report: string): Pick<Loss, "lost" | "gap"> {
  const sent = Number(/^(\d+) packets transmitted/m.exec(report)?.[1]);
  if (!(sent > 0)) throw new Error(`ping sent nothing: ${report.slice(0, 500)}`);
  const answered = new Set(
    [...report.matchAll(/bytes from .* icmp_seq=(\d+) /g)].map((match) => Number(match[1])),
  );
  let [lost, run, longest] = [0, 0, 0];
  for (let sequence = 1; sequence <= sent; sequence++) {
    run = answered.has(sequence) ? 0 : run + 1;
    lost += answered.has(sequence) ? 0 : 1;
    longest = Math.max(longest, run);
  }
  return { lost: lost * PERIOD, gap: longest * PERIOD };
}
