/** Makes a benchmark: brings the lab from one encapsulation to the next, and measures the paths in each. */
import type { Encapsulation } from "../../config";
import type { LabPlan } from "../../plan";
import type { Evidence } from "../evidence";
import type { Runner } from "../prober";
import type { BenchMachine, BenchMode, BenchPair, BenchSample, Figures, Way } from "./bench";
import {
  type Answer,
  clientCommand,
  limitOf,
  MACHINE_COMMAND,
  PING_LIMIT,
  pingCommand,
  portOf,
  type Run,
  readIperf,
  readMachine,
  readPings,
  SETTLE,
  serverCommand,
  settleCommand,
} from "./commands";
import { type BenchOrder, stepsOf } from "./order";

/** What a benchmark needs from its caller. */
export interface BenchHands {
  /**
   * Brings the lab to an encapsulation, and returns what runs commands in it.
   * @throws {CannotSwitch} when the lab cannot be brought there. It is not measured any more, and the others are.
   */
  bring(encapsulation: Encapsulation, plan: LabPlan): Promise<Runner>;
  /** Is told what comes next. `done`: how much of the whole, from 0 to 1. */
  progress(what: string, done: number): void;
}

/** The lab cannot be brought to an encapsulation. The message is the end of a sentence about it. */
export class CannotSwitch extends Error {
  override readonly name = "CannotSwitch";
}

/** The figures that were measured, what was not, and every command with what it printed. */
export interface BenchMeasured {
  samples: BenchSample[];
  machines: BenchMachine[];
  /** As ordered, with those that the lab could not be brought to. */
  modes: BenchMode[];
  evidence: Evidence[];
}

/** How a benchmark's measurement fails as a whole: iperf3 is not where it must run. */
export class NoIperf extends Error {
  override readonly name = "NoIperf";
}

/**
 * Measures everything that was ordered, step by step: two measurements at the same time would disturb each other.
 * @param pause in ms, between the tries of a client whose server does not listen yet.
 */
export async function measureBench(
  order: BenchOrder,
  hands: BenchHands,
  pause = PAUSE,
): Promise<BenchMeasured> {
  const samples: BenchSample[] = [];
  const evidence: Evidence[] = [];
  const refused = new Map<Encapsulation, string>();
  const steps = stepsOf(order);
  const total = steps.reduce((sum, { measurements }) => sum + measurements.length, 0);
  let machines: BenchMachine[] | undefined;
  let [done, runs] = [0, 0];
  for (const { round, encapsulation, measurements } of steps) {
    const plan = order.plans.get(encapsulation);
    if (!plan || refused.has(encapsulation)) {
      done += measurements.length;
      continue;
    }
    hands.progress(`round ${round} of ${order.rounds}: ${encapsulation}`, done / total);
    let runner: Runner;
    try {
      runner = await hands.bring(encapsulation, plan);
    } catch (error) {
      if (!(error instanceof CannotSwitch)) throw error;
      refused.set(encapsulation, error.message);
      done += measurements.length;
      continue;
    }
    const recorded: Runner = {
      addressOf: (name) => runner.addressOf(name),
      async run(...work) {
        const ran = await runner.run(...work);
        evidence.push(ran);
        return ran;
      },
    };
    machines ??= await machinesOf(recorded, order.pairs);
    for (const { pair, way } of measurements) {
      hands.progress(
        `round ${round} of ${order.rounds}: ${encapsulation}, ${pair.path}${way === "nodes" ? " between the nodes" : ""}`,
        done / total,
      );
      const mtu = way === "nodes" ? plan.mtu.link : plan.mtu.pod;
      const measured = await measureWay(recorded, pair, way, {
        mtu,
        seconds: order.seconds,
        first: runs,
        pause,
      });
      runs += 3;
      done += 1;
      samples.push({ path: pair.path, way, round, ...measured });
    }
  }
  return {
    samples,
    evidence,
    machines: machines ?? [],
    modes: order.modes.map((mode) => {
      const why = refused.get(mode.encapsulation);
      return why === undefined ? mode : { encapsulation: mode.encapsulation, refused: why };
    }),
  };
}

/** The machines that the nodes of the pairs are on. Nodes of the twin are on the same one. */
async function machinesOf(runner: Runner, pairs: readonly BenchPair[]): Promise<BenchMachine[]> {
  const nodes = [...new Set(pairs.flatMap((pair) => pair.nodes))];
  const pods = new Map(
    pairs.flatMap(({ from, to, nodes: [a, b] }) => [[a, from] as const, [b, to] as const]),
  );
  const machines = new Map<string, BenchMachine>();
  for (const node of nodes) {
    const { output } = await runner.run(pods.get(node) ?? node, MACHINE_COMMAND, 10);
    if (/iperf3: (command )?not found/.test(output)) throw new NoIperf(output);
    const facts = readMachine(output);
    const key = JSON.stringify(facts);
    const same = machines.get(key);
    if (same) same.nodes.push(node);
    else machines.set(key, { nodes: [node], ...facts });
  }
  return [...machines.values()];
}

interface How {
  mtu: number;
  seconds: number;
  /** Number of the first run of iperf3. */
  first: number;
  pause: number;
}

async function measureWay(
  runner: Runner,
  pair: BenchPair,
  way: Way,
  { mtu, seconds, first, pause }: How,
): Promise<{ figures: Figures; problems: string[] }> {
  const [from, to] = way === "nodes" ? pair.nodes : [pair.from, pair.to];
  const address = runner.addressOf(to);
  if (address === undefined) return { figures: {}, problems: [`there is no ${to}`] };
  await runner.run(from, settleCommand(address), SETTLE + 5);
  const runs: Run[] = [
    { protocol: "tcp", streams: 1, seconds, mtu },
    { protocol: "tcp", streams: 8, seconds, mtu },
    { protocol: "udp", streams: 1, seconds, mtu },
  ];
  const answers: Answer[] = [readPings((await runner.run(from, pingCommand(address), PING_LIMIT)).output)];
  for (const [i, run] of runs.entries())
    answers.push(await iperf(runner, { from, to, address, port: portOf(first + i), pause }, run));
  return {
    figures: Object.assign({}, ...answers.flatMap((one) => ("figures" in one ? [one.figures] : []))),
    problems: [...new Set(answers.flatMap((one) => ("problem" in one ? [one.problem] : [])))],
  };
}

interface Ends {
  from: string;
  to: string;
  address: string;
  port: number;
  pause: number;
}

/** How often a client asks whether the server listens, and how long it waits between, in ms. */
const TRIES = 30;
const PAUSE = 100;

async function iperf(runner: Runner, { from, to, address, port, pause }: Ends, run: Run): Promise<Answer> {
  const limit = limitOf(run.seconds);
  const server = runner.run(to, serverCommand(port, limit), limit + 5);
  let ended = false;
  const atEnd = () => {
    ended = true;
  };
  server.then(atEnd, atEnd);
  for (let tries = 1; ; tries++) {
    const { output } = await runner.run(from, clientCommand(address, port, run), limit + 5);
    const answer = readIperf(output, run);
    // The server needs a moment to listen.
    const isEarly = "problem" in answer && /refused/i.test(answer.problem);
    if (!isEarly || ended || tries === TRIES) {
      // A server that no client reached would wait for its limit: the next one has another port.
      if ("figures" in answer) await server;
      else server.catch(() => {});
      return answer;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
