/** The commands that a study pod runs: one for each probe. They are plain, so that a reader can repeat them by hand. */
import { type Evidence, lastLine } from "../evidence";
import type { ProbeResult } from "../measured";
import type { ProbeOrder } from "../probe-order";

/** What a study pod answers, over TCP in an HTTP response and over UDP. */
export const ANSWER = "encaplab";

/** Lengths in bytes of the headers of IP and ICMP, and of IP and UDP. */
const HEADERS = 28;

/** Ports at which a server speaks TLS: HTTPS, the API server, the kubelet. */
const TLS = [443, 6443, 10250];

/**
 * The command of a probe. It ends with 0 as soon as there is an answer. Without one it repeats its packet until the window
 * is over, because a neighbour may not be resolved yet, and a single packet may be lost.
 * @param window in seconds.
 */
export function commandOf(
  { probe, destination, size, port }: Pick<ProbeOrder, "probe" | "destination" | "size" | "port">,
  window: number,
): string {
  switch (probe) {
    case "icmp":
      return `ping -n -M do -s ${size - HEADERS} -c 1 -i 0.2 -w ${window} ${destination}`;
    case "tcp": {
      const scheme = TLS.includes(port ?? 0) ? "https" : "http";
      // Half a second more than the window: the SYN that the kernel repeats after three seconds shall have its chance.
      return `curl -sSk --noproxy '*' -o /dev/null -w '%{http_code} ' --connect-timeout ${window + 0.5} -m ${window + 1} ${scheme}://${destination}:${port}/`;
    }
    case "udp":
      return `timeout ${window} sh /study/ask ${destination}:${port} ${size - HEADERS} ${window}`;
  }
}

/**
 * The script `ask ADDRESS:PORT BYTES SECONDS` of a study pod: sends a datagram of zeros five times a second from one port,
 * until there is an answer. It starts again when it is refused: the listener may not be there yet. `dd` writes a datagram at
 * once, where `head` may cut it into pieces, and `-b` keeps two of them apart. `mtudiscover=3` sets DF, and ignores an MTU
 * that the kernel has learned (IP_PMTUDISC_PROBE).
 */
export const ASK = `feed() {
  i=0
  while [ $((i += 1)) -le $((5 * $2)) ] && dd if=/dev/zero bs=$1 count=1 2>/dev/null; do sleep 0.2; done
}
until feed $2 $3 | socat -b $2 -t 0.1 - UDP4:$1,mtudiscover=3,readbytes=${ANSWER.length} | grep ${ANSWER}; do
  sleep 0.2
done
`;

/** How many commands a pod runs at the same time. */
const AT_ONCE = 64;

/**
 * A shell script that runs commands in bounded numbers at the same time, and marks the output of each. POSIX sh, and only
 * its builtins: what the commands themselves need must be in the image.
 */
export function batch(commands: readonly string[]): string {
  const lines = commands.flatMap((command, i) => [
    `p ${i} ${quote(command)} &`,
    ...((i + 1) % AT_ONCE === 0 ? ["wait"] : []),
  ]);
  // One printf is one write, so that outputs do not mix.
  return [
    `p() { o=$(eval "$2" 2>&1 </dev/null); c=$?; printf '${MARK}%s %s\\n%s\\n' "$1" "$c" "$o"; }`,
    ...lines,
    "wait",
  ].join("\n");
}

/** Before the number and the exit code of each command of a script that runs several. */
export const MARK = "@encaplab@";

/** A text as one word of a shell. */
export const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** How many seconds a batch can take, where each command ends within `seconds`. */
export const longest = (commands: number, seconds: number): number =>
  Math.ceil(commands / AT_ONCE) * seconds + 10;

/** Takes the output of a {@link batch} apart. @returns for each command its exit code and output; undefined if there is none. */
export function outcomes(output: string, count: number): ({ code: number; output: string } | undefined)[] {
  const found = new Map<number, { code: number; output: string }>();
  for (const part of output.split(MARK).slice(1)) {
    const [, number, code, text = ""] = /^(\d+) (\d+)\n([\s\S]*)$/.exec(part) ?? [];
    if (number !== undefined) found.set(Number(number), { code: Number(code), output: text.trimEnd() });
  }
  return Array.from({ length: count }, (_, i) => found.get(i));
}

/** What a probe's command says about its pair. @param why what happened to a batch that did not report the command. */
export function resultOf(ran: Pick<Evidence, "exit" | "output">, why = ran.output): ProbeResult {
  if (ran.exit === undefined)
    return { works: false, detail: `not measured: ${why.trim()}`, unmeasured: true };
  // A pipe ends with the code of its last program.
  if (ran.exit === 126 || ran.exit === 127 || /\w: not found$/m.test(ran.output))
    return {
      works: false,
      detail: `not measured: the image lacks a program: ${lastLine(ran.output)}`,
      unmeasured: true,
    };
  // BusyBox's ping knows no `-M`, and images differ in which ping comes first (nicolaka/netshoot#129).
  const option = /^.*(?:unrecognized|invalid|illegal) option.*$/m.exec(ran.output)?.[0];
  if (option && ran.exit !== 0)
    return {
      works: false,
      detail: `not measured: a program of the image is another one than expected: ${option}`,
      unmeasured: true,
    };
  return ran.exit === 0 ? { works: true, detail: "" } : { works: false, detail: detailOf(ran.output) };
}

/** What ping, curl or socat saw instead of an answer. */
function detailOf(output: string): string {
  const own = /message too long, mtu=(\d+)/.exec(output);
  if (own) return `larger than its own device's MTU (${own[1]})`;
  const told = /From (\S+) icmp_seq=\d+ (.*)/.exec(output);
  if (told) return `${told[1]} says: ${told[2]}`;
  if (/Message too long/.test(output)) return "larger than a hop's MTU";
  const known = /Connection refused|No route to host|Network is unreachable|Connection reset/i.exec(output);
  return known ? known[0].toLowerCase() : "no answer";
}
