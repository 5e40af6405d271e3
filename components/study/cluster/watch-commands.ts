/**
 * The commands of a watch in a cluster, and what they print. POSIX sh with the programs that the study's image must have
 * anyway: pings from the pods, and on their nodes tcpdump at the pods' devices, which sees each direction by itself.
 */
import { RATE } from "../rate";
import type { Counted, Flow } from "../watch";
import { deviceTo } from "./captures";
import { TCPDUMP } from "./capturing";
import { ANSWER } from "./commands";

/** Seconds after which all of it ends by itself, if the command that began it was killed. */
export const LIMIT = 600;
/** Seconds in which it ends once it is told to. */
export const END = 8;
/** Seconds in which an old connection must answer. */
const PATIENCE = 2;

/** The name of the shells that watch. The command that ends them finds them by it, and must not have it in its own line. */
export const MARK = "encaplab-watch";
const NOT_ITSELF = "encaplab-watc[h]";

/** Printed by a pod as soon as packets are on their way, and by tcpdump for each device at which it looks. */
export const STARTED = /^@started@$|^(?:tcpdump: )?listening on /gm;

/**
 * What a pod runs. Once it is told to end it sends three more packets: is what was lost last still being lost? Then each old
 * connection sends its request, and has some time to get the answer.
 * @param port at which the study's pods answer HTTP.
 */
export function podScript(flows: readonly Flow[], port: number): string {
  return [
    // A signal ends `wait`, and what comes after it runs.
    "trap : TERM",
    ...flows.map(
      ({ destination }) => `ping -n -q -i ${1 / RATE} -w ${LIMIT} ${destination} >/dev/null & p="$p $!"`,
    ),
    `request() { trap : TERM; sleep ${LIMIT} & s=$!; wait $s; kill $s; printf 'GET / HTTP/1.0\\r\\n\\r\\n'; }`,
    `hold() { trap : TERM; o=$(trap : TERM; request 2>/dev/null | socat -d -d -t ${PATIENCE} - "TCP4:$2,connect-timeout=${PATIENCE}" 2>&1 | tr '\\r\\n' '  '); printf '@%s@ %s\\n' "$1" "$o"; }`,
    ...flows.flatMap(({ connects, destination }, i) =>
      connects ? [`hold ${i} ${destination}:${port} & c="$c $!"`] : [],
    ),
    "sleep 0.2",
    "echo @started@",
    "wait",
    `sleep ${3 / RATE + 0.05}`,
    "kill $p",
    // A connection that the signal has reached late is waited for as well.
    "wait",
  ].join("\n");
}

/** What the node of watched pods runs: it lists changes, and each ping that leaves or reaches one of the pods. */
export function nodeScript(addresses: readonly string[]): string {
  const captures = addresses.map(
    (address) =>
      `timeout ${LIMIT} ${TCPDUMP} -plnntt -i "${deviceTo(address)}" 'icmp[icmptype] = icmp-echo' 2>&1 & p="$p $!"`,
  );
  return [
    "trap : TERM",
    `TZ=UTC timeout ${LIMIT} ip -ts -o monitor link route & p="$p $!"`,
    ...captures,
    "wait",
    "sleep 0.1",
    "kill $p",
    "wait",
  ].join("\n");
}

/** Ends what watches in a pod, and waits until it has ended. Without a watch, does nothing. */
export const END_COMMAND = [
  `list() { grep -la '${NOT_ITSELF}' /proc/[0-9]*/cmdline 2>/dev/null; }`,
  'for f in $(list); do p=${f#/proc/}; kill "${p%/*}"; done 2>/dev/null',
  `for i in ${Array.from({ length: END * 10 }, (_, i) => i).join(" ")}; do [ -n "$(list)" ] || exit 0; sleep 0.1; done`,
].join("\n");

/** A ping that tcpdump has seen at a pod's device. */
interface Sighting {
  time: number;
  from: string;
  to: string;
  /** Its identifier and its number, which make it unique between two pods. */
  id: string;
  number: number;
}

const LINE = /^(\d+\.\d+) IP (\S+) > (\S+): ICMP echo request, id (\d+), seq (\d+),/;

const sightingsIn = (output: string): Sighting[] =>
  output.split("\n").flatMap((line) => {
    const [, time, from = "", to = "", id = "", number] = LINE.exec(line) ?? [];
    return time ? [{ time: Number(time), from, to, id, number: Number(number) }] : [];
  });

/**
 * Counts what arrived. Pure.
 * @param addressOf the address of a pod.
 * @param nodeOf the node of a pod.
 * @param pods what each pod's script printed, by its name, and `flows` as they were given to it.
 * @param nodes what each node's script printed, by its name.
 */
export function countedIn({
  flows,
  addressOf,
  nodeOf,
  pods,
  nodes,
}: {
  flows: readonly Flow[];
  addressOf: (pod: string) => string;
  nodeOf: (pod: string) => string;
  pods: ReadonlyMap<string, string>;
  nodes: ReadonlyMap<string, string>;
}): Counted {
  const seen = new Map([...nodes].map(([name, output]) => [name, sightingsIn(output)]));
  const counted = flows.flatMap(({ id, from, to }) => {
    const isOfFlow = (one: Sighting) => one.from === addressOf(from) && one.to === addressOf(to);
    const at = (pod: string) => (seen.get(nodeOf(pod)) ?? []).filter(isOfFlow);
    const sent = longest(at(from));
    const first = sent[0];
    if (!first) return [];
    // Inside a node, both devices list it: once it is sent, once it arrives.
    const arrivals = new Map<number, number>();
    for (const { id: ping, number } of at(to))
      if (ping === first.id) arrivals.set(number, (arrivals.get(number) ?? 0) + 1);
    const needed = nodeOf(from) === nodeOf(to) ? 2 : 1;
    const unique = [...new Map(sent.map((one) => [one.number, one])).values()];
    const lost = unique.flatMap(({ number }, i) => ((arrivals.get(number) ?? 0) < needed ? [i] : []));
    const times = unique.map(({ time }) => time);
    return [[id, { sent: unique.length, first: first.time, lost, times }] as const];
  });
  const connections = [...new Set(flows.map(({ from }) => from))].flatMap((pod) => {
    const own = flows.filter(({ from }) => from === pod);
    return own.flatMap(({ id, connects }, i) =>
      connects ? [[id, connectionIn(pods.get(pod) ?? "", i)] as const] : [],
    );
  });
  return {
    flows: Object.fromEntries(counted),
    connections: Object.fromEntries(connections),
    changes: Object.fromEntries([...nodes].map(([name, output]) => [name, output.split("\n")])),
  };
}

/** Those of the ping that has sent most: another one may have been sent between the same pods. */
function longest(sightings: readonly Sighting[]): Sighting[] {
  const byPing = new Map<string, Sighting[]>();
  for (const one of sightings) byPing.set(one.id, [...(byPing.get(one.id) ?? []), one]);
  return [...byPing.values()].sort((a, b) => b.length - a.length)[0] ?? [];
}

/** What became of a connection, from what socat printed for it: its notices, and the answer. */
function connectionIn(output: string, number: number): string {
  const text = new RegExp(`^@${number}@ (.*)$`, "m").exec(output)?.[1];
  if (text === undefined) return "was not seen to its end";
  if (!/starting data transfer loop/.test(text)) return "could not be opened before the change";
  if (text.includes(ANSWER)) return "lives";
  const why = /Connection reset by peer|Connection timed out|No route to host|Broken pipe/i.exec(text)?.[0];
  return `broke (${why ?? "nothing arrives"})`;
}
