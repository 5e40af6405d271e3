/** What the rounds of the benchmark have measured, in words and figures. */
import { formatColumns } from "../components/study";

/** What is timed in a round, and the ratio to the floor to aim for at 4 nodes. */
export const STEPS = {
  up: { aim: 2.5, title: "up" },
  again: { aim: 1.5, title: "up, unchanged" },
  felix: { aim: 2, title: "switch to VXLANCrossSubnet" },
  bird: { aim: 3.5, title: "switch to None (BGP)" },
  down: { aim: 1.3, title: "down" },
} as const;
export type Step = keyof typeof STEPS;

/** Seconds that a step took: on the clock, and of processor time. */
export interface Cost {
  time: number;
  processor: number;
}

/**
 * One round. `floor`: what the empty program takes to come up, and `emptyDown` to go. `memory`: in MB. `dropped`: packets that
 * the machine's kernel had no room for.
 */
export type Round = Record<Step | "floor" | "emptyDown", Cost> & { memory: number; dropped: number };

/** All rounds of a lab of this size. */
export interface Sized {
  size: number;
  rounds: readonly Round[];
}

/** The growth for each node to aim for, from 16 nodes to 256. */
const GROWTH = 1.5;

/** The lines that the benchmark prints of its rounds. */
export function formatRounds(all: readonly Sized[]): string[] {
  const every = all.flatMap(({ rounds }) => rounds);
  const [ups, downs] = [times(every, "floor"), times(every, "emptyDown")];
  const head = ["NODES", "COMMAND", "MIN s", "MEDIAN s", "MIN x", "MEDIAN x", "AIM x", "PROCESSOR s"];
  const titles = head.map((title) => ({ head: title }));
  return [
    `An empty program comes up in ${least(ups)} s (median of ${every.length} rounds: ${middle(ups)} s): the floor.`,
    `It goes in ${least(downs)} s (median ${middle(downs)} s).`,
    "x: ratio to the floor of the same round. up and switch include the observation.",
    "PROCESSOR: the median of the processor time of all processes, which depends less on what else the machine does.",
    formatColumns(titles, all.flatMap(rowsOf)),
    ...all.map(({ size, rounds }) => {
      const megabytes = memory(rounds);
      const dropped = rounds.reduce((sum, round) => sum + round.dropped, 0);
      return `Memory of ${size} nodes: ${megabytes.toFixed(0)} MB, ${(megabytes / size).toFixed(1)} MB each. Packets that the kernel had no room for: ${dropped}`;
    }),
    ...(all.length > 1
      ? [
          `Growth: what a node costs, the floor subtracted, in a lab of one size against another (1 is linear; aim from 16 to 256: ${GROWTH})`,
          ...spansOf(all).map(growth),
        ]
      : []),
  ];
}

/** One row for each step: its seconds, and its ratios to the floor of the same round. */
const rowsOf = ({ size, rounds }: Sized): string[][] =>
  (Object.keys(STEPS) as Step[]).map((step) => {
    const { title, aim } = STEPS[step];
    const ratios = rounds.map((round) => round[step].time / round.floor.time);
    const aims = size === 4 ? aim.toFixed(1) : "";
    const taken = times(rounds, step);
    const processor = middle(rounds.map((round) => round[step].processor));
    return [`${size}`, title, least(taken), middle(taken), least(ratios), middle(ratios), aims, processor];
  });

/** From each size to the next, and from 16 nodes to the largest: what a small lab costs beside its nodes weighs little there. */
function spansOf(all: readonly Sized[]): [Sized, Sized][] {
  const last = all.at(-1);
  const middle = all.slice(0, -2).find(({ size }) => size === 16);
  const spans: [Sized, Sized][] = all.slice(1).map((one, i) => [all[i] as Sized, one]);
  return middle && last ? [...spans, [middle, last]] : spans;
}

function growth([from, to]: [Sized, Sized]): string {
  const ratio = (costOf: (rounds: readonly Round[]) => number) =>
    (costOf(to.rounds) / to.size / (costOf(from.rounds) / from.size)).toFixed(2);
  const above = (step: Step, unit: keyof Cost) => (rounds: readonly Round[]) =>
    median(rounds.map((round) => round[step][unit] - round.floor[unit]));
  const steps = (["up", "again", "felix", "bird"] as const).map(
    (step) =>
      `${STEPS[step].title} ${ratio(above(step, "processor"))} (on the clock ${ratio(above(step, "time"))})`,
  );
  return `  ${from.size} to ${to.size}, in processor time: ${steps.join(", ")}; memory ${ratio(memory)}`;
}

const memory = (rounds: readonly Round[]): number => median(rounds.map((round) => round.memory));

const times = (rounds: readonly Round[], step: Step | "floor" | "emptyDown"): number[] =>
  rounds.map((round) => round[step].time);

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const least = (values: readonly number[]): string => Math.min(...values).toFixed(1);
const middle = (values: readonly number[]): string => median(values).toFixed(1);
