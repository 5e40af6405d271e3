/** Watches a twin while it is switched: what is lost on each path, which old connections break, what changes when. */
import type { Encapsulation } from "../config";
import { runScript, type Sandbox } from "../infrastructure/twin/sandbox";
import { addressOf, type LabPlan, type Pair, type Path, rowsOf, TUNNELS } from "../plan";
import { RATE } from "./rate";
import { PATIENCE, program } from "./twin-prober";

/** Seconds after which a watch ends by itself, if the command that began it was killed. */
const LIMIT = 300;

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

/** What `scripts/twin/observe` answers. */
interface Answer {
  flows: Record<string, { sent: number; first: number; lost: number[] }>;
  connections: Record<string, string>;
  changes: Record<string, string[]>;
}

/** A watch that runs. */
export interface Watch {
  /** Ends it if the observation has not done so already. @returns what was seen; undefined if it could not watch. */
  end(): Promise<Watched | undefined>;
}

/** One pair of pods for each kind of path between pods. */
function watchedPairs(plan: LabPlan): Pair[] {
  const between = rowsOf(plan).rows.flatMap(({ pair }) =>
    pair.to.kind === "pod" && pair.from.name !== pair.from.node ? [[pair.path, pair] as const] : [],
  );
  return [...new Map(between).values()];
}

/** The id of a flow: its path and its pods. */
const idOf = (...ends: readonly [path: Path, from: string, to: string]): string => JSON.stringify(ends);

function endsIn(id: string): Pick<WatchedFlow, "path" | "from" | "to"> {
  const [path, from, to] = JSON.parse(id) as [Path, string, string];
  return { path, from, to };
}

/** What is watched: each pair in both directions. Pure. */
export function watchOrder(plan: LabPlan, patience: number) {
  const flows = watchedPairs(plan).flatMap(({ path, from, to }) => {
    if (to.kind !== "pod") return [];
    const [one, other] = [from.name, to.pod.name];
    const flow = (source: string, target: string, destination: string, connects: boolean) => ({
      id: idOf(path, source, target),
      from: source,
      to: target,
      destination,
      connects,
    });
    return [flow(one, other, addressOf(to), true), flow(other, one, from.address, false)];
  });
  const nodes = plan.nodes.filter(({ pods }) =>
    pods.some(({ name }) => flows.some(({ from, to }) => name === from || name === to)),
  );
  return { patience, limit: LIMIT, nodes: nodes.map(({ name }) => name), flows };
}

/**
 * Begins to watch. Its datagrams go in both directions, so a stateful security group passes what it would refuse from cold
 * (calico#1996): a path may be seen to go on although the verdict says that it fails. An observation ends the watch once the
 * routes have converged, before it measures from cold.
 *
 * @param plan what is deployed.
 */
export function beginWatch(sandbox: Sandbox, plan: LabPlan): Watch {
  const order = watchOrder(plan, PATIENCE[sandbox.kind]);
  // The switch goes on whatever becomes of the watch: the sandbox may be replaced.
  const answer = runScript(sandbox, program(), JSON.stringify(order)).then(
    (text) => seenIn(JSON.parse(text) as Answer),
    () => undefined,
  );
  return {
    async end() {
      await runScript(sandbox, ": > /run/encaplab/watch/stop").catch(() => {});
      return answer;
    },
  };
}

/** Reads the program's answer. Pure. */
export function seenIn({ flows, connections, changes }: Answer): Watched {
  const all = Object.entries(changes)
    .flatMap(([node, lines]) => lines.flatMap((line) => changeIn(node, line)))
    .sort((a, b) => a.at - b.at);
  const begin = all[0]?.at ?? Math.min(...Object.values(flows).map(({ first }) => first));
  return {
    flows: Object.entries(flows).map(([id, { sent, first, lost }]) => {
      const runs = runsIn(lost);
      return {
        ...endsIn(id),
        sent,
        began: inMilliseconds(first - begin),
        lost: lost.length,
        outage: (Math.max(0, ...runs.map(({ count }) => count)) * 1000) / RATE,
        losses: runs.map(({ start, count }) => ({ at: inMilliseconds(first + start / RATE - begin), count })),
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
