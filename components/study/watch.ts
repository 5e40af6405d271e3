/** What a switch does to packets, connections, routes and devices: what is watched, and what was seen. Pure. */
import type { Encapsulation } from "../config";
import {
  addressOf,
  isBetweenPods,
  type LabPlan,
  type Pair,
  type Path,
  type Row,
  rowsOf,
  TUNNELS,
} from "../plan";
import { RATE } from "./rate";

/** What was lost on one path in one direction. */
export interface WatchedFlow {
  path: Path;
  /** The pods. */
  from: string;
  to: string;
  sent: number;
  /** When the first one was sent, in seconds since the first change: negative. */
  began: number;
  /** Datagrams that did not arrive. */
  lost: number;
  /** Milliseconds: the longest run of lost datagrams, at {@link RATE} a second. */
  outage: number;
  /** When each run of lost datagrams began, in seconds since the first change, and how many they were. */
  losses: { at: number; count: number }[];
  /** Whether the last datagrams were lost, too. */
  stays: boolean;
}

/** What a switch did, as it was seen. */
export interface Watched {
  flows: WatchedFlow[];
  /** For each path, the connection that was opened before the change: `lives`, or what became of it. */
  connections: { path: Path; from: string; to: string; state: string }[];
  /** In their order. `at`: seconds since the first of them. */
  changes: { node: string; at: number; change: string }[];
}

/** A switch with what was seen of it, as it is kept for the report. */
export interface SwitchSeen {
  from: Encapsulation;
  to: Encapsulation;
  /** When it had ended, as an ISO 8601 time in UTC. */
  at: string;
  watched: Watched;
}

/** What a watcher has counted, before it is read. Every flow and connection has the id of its {@link Flow}. */
export interface Counted {
  /**
   * `first`: when the first one was sent, in seconds since 1970. `lost`: the numbers of those that did not arrive, from 0.
   * `times`: when each was sent, where that is known; else they were sent {@link RATE} a second.
   */
  flows: Record<string, { sent: number; first: number; lost: number[]; times?: number[] }>;
  /** `lives`, or what became of it. */
  connections: Record<string, string>;
  /** Lines of `ip -ts -o monitor link route` on each node, in UTC. */
  changes: Record<string, string[]>;
}

/** One row of the verdict for each kind of path between pods. */
export function watchedRows(plan: LabPlan): Row[] {
  const between = rowsOf(plan).rows.flatMap((row) =>
    isBetweenPods(row.pair) ? [[row.pair.path, row] as const] : [],
  );
  return [...new Map(between).values()];
}

/** A path in one direction, as a watcher sends along it. */
export interface Flow {
  id: string;
  /** The pods. */
  from: string;
  to: string;
  /** The address of the second pod. */
  destination: string;
  /** Whether a connection is opened along it, too: in one direction of each pair. */
  connects: boolean;
}

/** Both directions of each pair of pods. */
export const flowsBetween = (pairs: readonly Pair[]): Flow[] =>
  pairs.flatMap(({ path, from, to }) => {
    if (to.kind !== "pod") return [];
    const [one, other] = [from.name, to.pod.name];
    return [
      { id: idOf(path, one, other), from: one, to: other, destination: addressOf(to), connects: true },
      { id: idOf(path, other, one), from: other, to: one, destination: from.address, connects: false },
    ];
  });

/** The nodes of the pods of these flows, by their names. */
export const nodesOf = ({ nodes }: Pick<LabPlan, "nodes">, flows: readonly Flow[]): string[] =>
  nodes.flatMap(({ name, pods }) =>
    pods.some((pod) => flows.some(({ from, to }) => pod.name === from || pod.name === to)) ? [name] : [],
  );

/** The id of a flow: its path and its pods. */
const idOf = (...ends: readonly [path: Path, from: string, to: string]): string => JSON.stringify(ends);

function endsIn(id: string): Pick<WatchedFlow, "path" | "from" | "to"> {
  const [path, from, to] = JSON.parse(id) as [Path, string, string];
  return { path, from, to };
}

/** Reads what a watcher has counted. */
export function seenIn({ flows, connections, changes }: Counted): Watched {
  const all = Object.entries(changes)
    .flatMap(([node, lines]) => lines.flatMap((line) => changeIn(node, line)))
    .sort((a, b) => a.at - b.at);
  const begin = all[0]?.at ?? Math.min(...Object.values(flows).map(({ first }) => first));
  return {
    flows: Object.entries(flows).map(([id, { sent, first, lost, times }]) => {
      const runs = runsIn(lost);
      const sentAt = (number: number) => times?.[number] ?? first + number / RATE;
      return {
        ...endsIn(id),
        sent,
        began: inMilliseconds(first - begin),
        lost: lost.length,
        outage: (Math.max(0, ...runs.map(({ count }) => count)) * 1000) / RATE,
        losses: runs.map(({ start, count }) => ({ at: inMilliseconds(sentAt(start) - begin), count })),
        stays: sent > 0 && lost.at(-1) === sent - 1,
      };
    }),
    connections: Object.entries(connections).map(([id, state]) => ({ ...endsIn(id), state })),
    changes: all.map(({ node, at, change }) => ({ node, at: inMilliseconds(at - begin), change })),
  };
}

/** Seconds, as exact as the clocks are. */
const inMilliseconds = (seconds: number): number => Math.round(seconds * 1000) / 1000;

function runsIn(lost: readonly number[]): { start: number; count: number }[] {
  const runs: { start: number; count: number }[] = [];
  for (const number of lost) {
    const last = runs.at(-1);
    if (last && last.start + last.count === number) last.count += 1;
    else runs.push({ start: number, count: 1 });
  }
  return runs;
}

/** What the kernel adds by itself, and IPv6. */
const BY_ITSELF = / table local | proto kernel |^(?:Deleted )?(?:fe80:|ff00:|local |broadcast |multicast )/;

/** The devices that a switch changes: the tunnels', and those of the pods, whose MTU follows. */
const isOfSwitch = (name: string): boolean =>
  name.startsWith("cali") || Object.values(TUNNELS).some(({ device }) => device === name);

/** A line of `ip -ts -o monitor link route` as a change: a route, or a tunnel's or pod's device. */
function changeIn(node: string, line: string): { node: string; at: number; change: string }[] {
  const [, time, text = ""] = /^\[(\S+)\] (.*?) *$/.exec(line) ?? [];
  if (!time || BY_ITSELF.test(text)) return [];
  const at = Date.parse(`${time.slice(0, 23)}Z`) / 1000;
  const link = /^(Deleted )?\d+: ([\w.-]+?)(?:@\S+)?: <([^>]*)> mtu (\d+)/.exec(text);
  if (!link) return [{ node, at, change: text }];
  const [, deleted, device = "", flags = "", mtu] = link;
  if (!isOfSwitch(device)) return [];
  if (deleted) return [{ node, at, change: `${device} is deleted` }];
  return [
    { node, at, change: `${device} is ${flags.split(",").includes("UP") ? "up" : "down"}, mtu ${mtu}` },
  ];
}
