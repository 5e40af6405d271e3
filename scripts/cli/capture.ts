/** A capture by tcpdump in a running twin, or on a machine of a lab, whose bytes go to a stream of this process. */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { pipeline } from "node:stream/promises";
import { quote } from "../../components/cluster/steps";
import { runScript, type Sandbox } from "../../components/infrastructure/twin/sandbox";
import { type Ending, stream, type Target } from "../../components/remote";

/** What tcpdump is asked for. */
export interface CaptureOrder {
  /** The device; on a machine, absent for the one that has `address`. */
  device?: string;
  address?: string;
  /** In the syntax of pcap-filter(7); empty for every packet. */
  filter: string;
  /** The number of packets after which it ends. */
  count?: number;
  /** The seconds after which it ends. */
  duration?: number;
  /** Whether to write packets for a terminal, and no pcap. */
  asText: boolean;
}

/** Where a capture's bytes go, and what ends it. */
export interface CaptureSink {
  out: NodeJS.WritableStream;
  stop: AbortSignal;
}

/** The exit code of timeout(1) when the time was over. */
const TIME_IS_OVER = 124;

/**
 * tcpdump's command line. Packets are written one by one (-U), so that Wireshark shows them at once. tcpdump stays root (-Z):
 * the sandbox has no other user.
 */
function tcpdump({ filter, count, duration, asText }: CaptureOrder, device: string): string {
  const output = asText ? ["-nn", "-l"] : ["-U", "-w", "-"];
  const limits = count === undefined ? [] : ["-c", `${count}`];
  const timeout = duration === undefined ? [] : ["timeout", `${duration}`];
  const words = [...timeout, "tcpdump", "--immediate-mode", "-Z", "root", ...output, ...limits];
  return `${words.join(" ")} -i ${device} ${filter === "" ? "" : quote(filter)}`.trimEnd();
}

/** When a capture has ended as it should, it is no failure that its time was over, or that it was stopped. */
const endingOf = (code: number, stderr: string, { stop }: CaptureSink): Ending => ({
  code: code === TIME_IS_OVER || stop.aborted ? 0 : code,
  stderr,
});

/**
 * Captures in a namespace of a twin. tcpdump's process number, exit code and messages are kept in files inside, because the
 * QEMU machine has one stream for everything, and that one carries the packets.
 * @throws {SandboxError} when the twin ends meanwhile.
 */
export async function captureInTwin(
  sandbox: Sandbox,
  namespace: string,
  order: CaptureOrder & { device: string },
  sink: CaptureSink,
): Promise<Ending> {
  const own = `/run/encaplab/captures/${randomUUID()}`;
  const inside = `echo $$ > ${own}/pid; exec ${tcpdump(order, quote(order.device))}`;
  const script = [
    `mkdir -p ${own}`,
    `ip netns exec ${quote(namespace)} bash -c ${quote(inside)} < /dev/null 2> ${own}/said`,
    `echo $? > ${own}/code`,
  ].join("\n");
  const [program, ...argv] = sandbox.scriptArgv;
  // In a process group of its own, so that Ctrl-C reaches this process alone, which then ends tcpdump in good order.
  const child = spawn(program as string, argv, { stdio: ["pipe", "pipe", "inherit"], detached: true });
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve());
  });
  child.stdin.on("error", () => {}); // the sandbox is gone: its end says so
  child.stdin.end(script);
  let stopping: Promise<unknown> | undefined;
  const finish = () => {
    // It may not have begun: then the script finds no process, and must not begin one.
    const kill = `until [[ -s ${own}/pid || -e ${own}/code ]]; do sleep 0.02; done; kill $(< ${own}/pid) || true`;
    stopping ??= runScript(sandbox, kill).catch(() => child.kill());
  };
  if (sink.stop.aborted) finish();
  sink.stop.addEventListener("abort", finish);
  try {
    // A reader that has seen enough, such as Wireshark when it is closed, ends the capture.
    const written = pipeline(child.stdout, sink.out, { end: false }).catch((error: NodeJS.ErrnoException) => {
      finish();
      if (!isReadersEnd(error)) throw error;
    });
    await Promise.all([written, ended]);
    await stopping;
  } finally {
    sink.stop.removeEventListener("abort", finish);
  }
  const said = await runScript(sandbox, `cat ${own}/code ${own}/said; rm -r ${own}`);
  const [code = "1", ...lines] = said.split("\n");
  return endingOf(Number(code), lines.join("\n"), sink);
}

/**
 * Captures on a machine, as root: by sudo where the login is another user. tcpdump ends with the standard input of the
 * command, and so also when the connection breaks.
 * @throws {Error} when login fails, or the connection breaks.
 */
export async function captureOnMachine(
  target: Target,
  order: CaptureOrder,
  sink: CaptureSink,
): Promise<Ending> {
  const { device, address } = order;
  const find = `ip -4 -o address show to ${quote(address ?? "")} | while read -r _ name _; do echo "$name"; break; done`;
  const script = [
    device === undefined ? `device=$(${find})` : `device=${quote(device)}`,
    `command -v tcpdump >/dev/null || { echo "tcpdump is not installed there" >&2; exit 127; }`,
    "exec 3<&0",
    `${tcpdump(order, '"${device:-any}"')} </dev/null 3<&- &`,
    "capture=$!",
    `{ cat <&3; kill $capture; } >/dev/null 2>&1 &`,
    "wait $capture; code=$?",
    "kill $! 2>/dev/null; exit $code",
  ].join("\n");
  const asRoot = `if [ "$(id -u)" = 0 ]; then exec sh -c ${quote(script)}; else exec sudo -n sh -c ${quote(script)}; fi`;
  try {
    const { code, stderr } = await stream(target, asRoot, sink.out, sink.stop);
    return endingOf(code, stderr, sink);
  } catch (error) {
    if (isReadersEnd(error as NodeJS.ErrnoException)) return { code: 0, stderr: "" };
    throw error;
  }
}

const isReadersEnd = ({ code }: NodeJS.ErrnoException): boolean =>
  code === "EPIPE" || code === "ERR_STREAM_PREMATURE_CLOSE" || code === "ERR_STREAM_DESTROYED";
