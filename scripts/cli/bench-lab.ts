/** Measures a lab in each encapsulation, and brings it back to its own. */
import * as os from "node:os";
import type { Encapsulation } from "../../components/config";
import { type LabPlan, poolsText } from "../../components/plan";
import type { Evidence } from "../../components/study";
import {
  type Bench,
  type BenchOrder,
  benchCaution,
  benchFigures,
  benchOrder,
  CannotSwitch,
  changesIn,
  durationOf,
  formatBench,
  formatBenchMarkdown,
  measureBench,
  NoIperf,
  refusals,
  stepsOf,
} from "../../components/study/bench";
import { modesOf } from "./bench-modes";
import { BenchProgress } from "./bench-progress";
import { keepBench } from "./bench-record";
import { confirmed } from "./confirmation";
import { deploy, type RunOptions } from "./deploy";
import {
  type Deployment,
  deploymentOf,
  differences,
  isOnThisMachine,
  runningTwin,
  twinOf,
} from "./deployment";
import { badUsage, EngineFailed, Failure } from "./failure";
import { Interrupted, Interruption } from "./interruption";
import { typed } from "./invocation";
import { planOf } from "./lab-plan";
import { proberOf } from "./observation";
import { labConfig } from "./overlay";
import { ownVersion } from "./own-version";
import { writeReport } from "./report-file";
import { runSetup } from "./setup";
import { print, printJson, say, widthOf } from "./terminal";

/** What the user wants to measure, and where to write it. */
export interface BenchOptions extends Pick<RunOptions, "yes" | "verbose"> {
  rounds: number;
  seconds: number;
  only?: readonly Encapsulation[];
  json?: boolean | string;
  markdown?: string;
}

/** About how many seconds a change of encapsulation takes: of a twin, of a twin in a QEMU machine, of machines. */
const CHANGE = { namespaces: 3, machine: 10, machines: 30 } as const;

/** The exit code of a command that the user has interrupted, as a shell has it. */
const INTERRUPTED = 130;

/** Measures the lab, shows and keeps the result, and returns the exit code. */
export async function benchLab(stack: string, options: BenchOptions): Promise<number> {
  const { prober, plan } = await proberOf(stack);
  const deployed = deploymentOf(stack);
  const sandbox = twinOf(deployed) && runningTwin(stack).sandbox;
  refuseChanged(stack, plan);
  if (plan.ipPools)
    throw badUsage(
      `\`bench\` compares encapsulations with each other, and ${stack} has several at once: ${poolsText(plan)}. Measure a lab without ipPools, on the same nodes.`,
    );
  if (sandbox) await needIperf(options);
  const order = benchOrder(
    plan.encapsulation,
    prober.sample(plan, false).pairs,
    modesOf(stack, plan, sandbox?.kind, options.only),
    options,
  );
  announce(order, { of: prober.of, onTwin: plan.onTwin }, CHANGE[sandbox?.kind ?? "machines"]);
  if (!(await agreedTo(stack, order, deployed, options))) return 0;
  const notes = isOnThisMachine(deployed) ? busyNote() : [];
  for (const note of notes) say(note);
  const began = new Date();
  const ended = await measure(stack, order, plan);
  if (ended === undefined) return INTERRUPTED;
  const { samples, machines, modes, evidence } = ended;
  const { fabric, mtu, onTwin, versions } = plan;
  const bench: Bench = {
    of: prober.of,
    onTwin,
    began: began.toISOString(),
    ended: new Date().toISOString(),
    fabric,
    encapsulation: plan.encapsulation,
    rounds: order.rounds,
    seconds: order.seconds,
    mtu: mtu.link,
    pairs: order.pairs,
    modes,
    lost: order.lost,
    samples,
    machines,
    notes,
    versions: {
      encaplab: ownVersion(),
      ...(!onTwin && { kubernetes: versions.kubernetes, calico: versions.calico }),
    },
  };
  keepBench(stack, bench);
  show(stack, bench, evidence, options);
  return 0;
}

/** A benchmark would bring what was changed into the lab, and its end would not be as its beginning. */
function refuseChanged(stack: string, deployed: LabPlan): void {
  const { file, config } = labConfig(stack);
  // As from a state: a plan that was made from the config has undefined values, too.
  const plain = JSON.parse(JSON.stringify(deployed)) as LabPlan;
  const keys = differences(plain, planOf(file, config));
  if (keys.length === 0) return;
  throw new Failure(
    `The config of ${stack} is not what is up (${keys.join(", ")}): \`${typed(`up ${stack}`)}\` brings the lab to it first.`,
    1,
  );
}

async function needIperf({ yes = false }: BenchOptions): Promise<void> {
  const status = await runSetup("need", "iperf3", ...(yes ? ["--yes"] : []));
  if (status === 0) return;
  throw new Failure(
    "iperf3 measures the throughput and is not here, so nothing was measured: install it as shown above.",
    1,
  );
}

/** A busy machine gives its processors to others at any moment. */
function busyNote(): string[] {
  const [load = 0] = os.loadavg();
  const processors = os.availableParallelism();
  if (load < processors / 2) return [];
  return [
    `This machine was busy when the benchmark began (load ${load.toFixed(1)} on ${processors} processors): repeat it on an idle one before you trust a small difference.`,
  ];
}

/** Says what will be measured, and how long that takes. */
function announce(order: BenchOrder, what: Pick<Bench, "of" | "onTwin">, change: number): void {
  const minutes = durationOf(order, change) / 60;
  const time = minutes < 1.5 ? `${Math.ceil(minutes * 60)} s` : `${Math.round(minutes)} minutes`;
  const modes = [...order.plans.keys()].join(", ");
  const rounds = order.rounds === 1 ? "1 round" : `${order.rounds} rounds`;
  say(`${modes}: ${rounds}, about ${time}. Ctrl-C ends it, and puts ${order.own} back.`);
  say(benchCaution(what));
  for (const { names, why } of refusals(order.modes)) say(`${names}: left out: ${why}.`);
}

/** On machines, each change interrupts what else the lab carries. */
async function agreedTo(
  stack: string,
  order: BenchOrder,
  deployed: Deployment | undefined,
  options: BenchOptions,
): Promise<boolean> {
  const changes = changesIn(stepsOf(order), order.own);
  if (changes === 0 || isOnThisMachine(deployed)) return true;
  return confirmed(
    `Change the encapsulation of ${stack} ${changes} times, which interrupts its pods' connections each time?`,
    "This changes machines that are not on this computer",
    options,
  );
}

/** Measures everything, and brings the lab back whatever happens. @returns undefined when the user has interrupted it. */
async function measure(stack: string, order: BenchOrder, own: LabPlan) {
  const progress = new BenchProgress();
  const interruption = new Interruption();
  let at: Encapsulation | undefined = order.own;
  const bring = async (encapsulation: Encapsulation): Promise<void> => {
    if (at === encapsulation) return;
    at = undefined;
    const config =
      encapsulation === order.own
        ? labConfig(stack)
        : labConfig(stack, [{ path: "encapsulation", value: encapsulation }]);
    const plan = encapsulation === order.own ? own : order.plans.get(encapsulation);
    const run = await deploy(config, plan, {
      quiet: true,
      agreed: true,
      yes: true,
      keep: false,
    });
    if (!run || (run.status !== 0 && !run.disagrees)) throw new EngineFailed(run?.status ?? 1);
    at = encapsulation;
  };
  try {
    return await measureBench(order, {
      progress: (what, done) => {
        interruption.check();
        progress.show(what, done);
      },
      async bring(encapsulation) {
        try {
          await bring(encapsulation);
        } catch (error) {
          interruption.check();
          if (!(error instanceof EngineFailed)) throw error;
          throw new CannotSwitch("the lab could not be brought to it; the lines above say why");
        }
        interruption.check();
        const { prober, plan } = await proberOf(stack);
        const runner = await interruption.race(prober.runner(plan));
        return {
          addressOf: runner.addressOf,
          run: (...work) => interruption.race(runner.run(...work)),
        };
      },
    });
  } catch (error) {
    if (error instanceof Interrupted) {
      progress.end();
      say("Interrupted: nothing of this benchmark was kept.");
      return undefined;
    }
    if (error instanceof NoIperf)
      throw new Failure(
        "The study's image has no iperf3: `encaplab:study` names another one, such as { image: docker.io/nicolaka/netshoot:v0.13 }.",
        1,
      );
    throw error;
  } finally {
    progress.end();
    await putBack(stack, order.own, () => at, bring);
    interruption.end();
  }
}

async function putBack(
  stack: string,
  own: Encapsulation,
  at: () => Encapsulation | undefined,
  bring: (encapsulation: Encapsulation) => Promise<void>,
): Promise<void> {
  if (at() === own) return;
  say(`Putting ${own} back …`);
  try {
    await bring(own);
  } catch (error) {
    const again = typed(`up ${stack}`);
    const why = error instanceof EngineFailed ? "the engine failed" : (error as Error).message;
    say(`${own} could not be put back (${why}): \`${again}\` does it.`);
  }
}

function show(stack: string, bench: Bench, evidence: readonly Evidence[], options: BenchOptions): void {
  const { json, markdown, verbose } = options;
  const whole = { lab: stack, ...bench, summary: benchFigures(bench) };
  if (typeof json === "string") writeReport(json, `${JSON.stringify({ ...whole, evidence }, null, 2)}\n`);
  if (markdown !== undefined) writeReport(markdown, formatBenchMarkdown(stack, bench), { append: true });
  if (json === true) printJson(whole);
  else print(formatBench(bench, { verbose, width: widthOf(process.stdout) }));
}
