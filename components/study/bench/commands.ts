/** The commands of a benchmark, and what they print. Pure. They are plain, so that a reader can repeat them by hand. */
import { lastLine } from "../evidence";
import { type Figures, WARM_UP } from "./bench";

/** Headers of IPv4 and UDP, in bytes. */
const UDP_HEADERS = 28;

/** Pings of a measurement, at a rate that every user may have (`MIN_USER_INTERVAL_MS` of iputils), and those that do not count. */
const PINGS = { count: 550, interval: 0.002, warmUp: 50 } as const;

/** The TCP and UDP ports, of which each run of iperf3 takes the next. A firewall between nodes leaves them open. */
const PORTS = { first: 5201, count: 64 } as const;

/** The port of a run of iperf3: what an earlier one has left behind cannot be in its way. */
export const portOf = (run: number): number => PORTS.first + (run % PORTS.count);

/** How long a ping waits for the path to carry packets, in s. */
export const SETTLE = 20;

/** Ends with 0 as soon as there is an answer: routes that are new may take a moment. */
export const settleCommand = (address: string): string => `ping -n -c 1 -i 0.5 -w ${SETTLE} ${address}`;

export const pingCommand = (address: string): string =>
  `ping -n -i ${PINGS.interval} -c ${PINGS.count} -W 1 ${address}`;

/** What `ping` answers within these seconds. */
export const PING_LIMIT = 20;

/** The server of one run. It ends with the client, or by itself. */
export const serverCommand = (port: number, limit: number): string =>
  `timeout ${limit} iperf3 -s -1 -p ${port}`;

/** A run of the client. */
export interface Run {
  protocol: "tcp" | "udp";
  streams: number;
  seconds: number;
  /** Of the path, in bytes: a datagram fills a packet. */
  mtu: number;
}

/**
 * The client of one run. UDP has no `-O`: with it, iperf3 3.12 counts received bytes and lost datagrams over different
 * times. It follows TCP on the same path, so nothing is cold.
 */
export function clientCommand(
  address: string,
  port: number,
  { protocol, streams, seconds, mtu }: Run,
): string {
  const how = protocol === "udp" ? `-u -b 0 -l ${mtu - UDP_HEADERS}` : `-O ${WARM_UP} -P ${streams}`;
  return `timeout ${limitOf(seconds)} iperf3 -c ${address} -p ${port} --connect-timeout 3000 -t ${seconds} -i 0 ${how} -J`;
}

/** Seconds after which a run is given up. */
export const limitOf = (seconds: number): number => WARM_UP + seconds + 15;

/** The answer of iperf3's client: figures, or why there are none. */
export type Answer = { figures: Figures } | { problem: string };

interface Sum {
  bits_per_second?: number;
  retransmits?: number;
  lost_percent?: number;
}

/** Reads iperf3's JSON. What comes before it is a warning. */
export function readIperf(output: string, { protocol, streams }: Pick<Run, "protocol" | "streams">): Answer {
  let said: {
    error?: string;
    start?: { tcp_mss_default?: number };
    end?: { sum?: Sum; sum_sent?: Sum; sum_received?: Sum };
  };
  try {
    said = JSON.parse(output.slice(output.indexOf("{")));
  } catch {
    return { problem: lastLine(output) || "iperf3 printed nothing" };
  }
  const { error, end = {}, start = {} } = said;
  const rate = end.sum_received?.bits_per_second;
  if (error || rate === undefined) return { problem: error ?? "iperf3 reports no figures" };
  const mss = start.tcp_mss_default;
  if (protocol === "udp") {
    const lost = (end.sum_received?.lost_percent ?? end.sum?.lost_percent ?? 0) / 100;
    return { figures: { udp: rate, udpLost: lost } };
  }
  const again = end.sum_sent?.retransmits;
  const one = streams === 1;
  return {
    figures: {
      [one ? "tcp1" : "tcp8"]: rate,
      ...(again !== undefined && { [one ? "retransmits1" : "retransmits8"]: again }),
      ...(one && mss && { mss }),
    },
  };
}

/** Reads the round trips that `ping` prints. */
export function readPings(output: string): Answer {
  const times = [...output.matchAll(/icmp_[sr]eq=(\d+) .*time[=<]([\d.]+) ms/g)]
    .filter(([, number]) => Number(number) > PINGS.warmUp)
    .map(([, , time]) => Number(time))
    .sort((a, b) => a - b);
  const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)];
  if (p50 === undefined || p99 === undefined) return { problem: lastLine(output) || "no ping was answered" };
  return { figures: { p50, p99 } };
}

/** The smallest value that at least this share of the values does not exceed. @param sorted from small to large. */
export const quantile = (sorted: readonly number[], share: number): number | undefined =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];

/** What a machine is, in lines: its kernel, its processors, the processor, iperf3. */
export const MACHINE_COMMAND =
  "uname -sr; nproc; grep -m 1 -E 'model name|Hardware|CPU implementer' /proc/cpuinfo || uname -m; iperf3 --version | head -n 1";

/** Reads what {@link MACHINE_COMMAND} prints. */
export function readMachine(output: string) {
  const [kernel = "", processors = "", processor = "", iperf3 = ""] = output.trim().split("\n");
  return {
    kernel,
    processors: Number(processors) || 1,
    processor: processor.replace(/^.*?:\s*/, ""),
    iperf3: /[\d.]+/.exec(iperf3)?.[0] ?? "",
  };
}
