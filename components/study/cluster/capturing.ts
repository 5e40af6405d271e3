/** Runs tcpdumps in a place, from when they listen until they are told to end. */
import { PassThrough } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { Evidence } from "../evidence";
import type { Ran } from "./api";
import { MARK, quote } from "./commands";

/**
 * With -Z root where tcpdump knows it: else Debian's changes its user, which it has no right to. In immediate mode: else the
 * kernel hands packets over once a second, and those that it has kept are lost when tcpdump ends.
 */
export const TCPDUMP =
  "tcpdump --immediate-mode $(tcpdump -Z root --version >/dev/null 2>&1 && echo -Z root)";

/** Seconds until all of them must listen. */
const BEGIN = 5;
/** Seconds after which they end by themselves, and in which they end when they are told to. */
const LIMIT = 30;
const END = 5;

/** Captures that run. */
export interface Capturing<Result> {
  /** When all listen, or the time for it is over. */
  begun: Promise<void>;
  /** Ends those that have not ended. @returns what they printed. */
  end(): Promise<Result>;
}

/** Printed for each capture that listens, or says why it cannot. */
const BEGUN = `${MARK}begun`;

/**
 * Captures while something is done.
 * @param wanted the commands of tcpdump, by the place.
 * @returns what they printed, by the place.
 */
export async function capturedDuring(
  field: { capture(place: string, commands: readonly string[]): Capturing<Evidence[]> },
  wanted: ReadonlyMap<string, readonly string[]>,
  work: () => Promise<unknown>,
): Promise<Map<string, Evidence[]>> {
  const running = [...wanted].map(([name, commands]) => ({ name, capturing: field.capture(name, commands) }));
  await Promise.all(running.map(({ capturing }) => capturing.begun));
  await work();
  const ended = running.map(async ({ name, capturing }) => [name, await capturing.end()] as const);
  return new Map(await Promise.all(ended));
}

/**
 * What a place runs. It says of each capture that it listens, or that there was an error, such as "tcpdump: eth9: No such
 * device exists"; waits for a line, or for the end of its input; and ends them.
 * @param commands of tcpdump. Each keeps its packets in a file until the end: what two print at the same time would mix.
 */
export function captureScript(commands: readonly string[]): string {
  return [
    "d=/tmp/capture.$$",
    "mkdir $d && mkfifo $d/said",
    `while read -r line; do case $line in *"listening on "* | *": "*": "*) echo '${BEGUN}' ;; esac; done <$d/said &`,
    ...commands.map(
      (command, i) =>
        `(eval ${quote(`exec timeout ${LIMIT} ${command}`)}) </dev/null >$d/${i} 2>$d/said & p="$p $!"`,
    ),
    "read -r end",
    // A packet of the last moment is still on its way to tcpdump.
    "sleep 0.2",
    "kill $p 2>/dev/null",
    "i=0",
    "for one in $p; do",
    `  wait $one; printf '${MARK}%s %s\\n' $i $?; cat $d/$i; i=$((i + 1))`,
    "done",
    "rm -r $d",
  ].join("\n");
}

/** What runs a program in a container, as the cluster's API does. */
type Run = (
  command: string[],
  seconds: number,
  streams: { hear: (chunk: string) => void; input: PassThrough },
) => Promise<Ran>;

/** Begins captures. @returns what ends with the output of their script. */
export function beginCaptures(commands: readonly string[], run: Run): Capturing<Ran> {
  const input = new PassThrough();
  let printed = "";
  let listens = () => {};
  const listening = new Promise<void>((resolve) => {
    listens = resolve;
  });
  const hear = (chunk: string) => {
    printed += chunk;
    if (printed.split(BEGUN).length > commands.length) listens();
  };
  const ran = run(["sh", "-c", captureScript(commands)], LIMIT + END, { hear, input });
  const limit = new AbortController();
  const late = delay(BEGIN * 1000, undefined, { signal: limit.signal }).catch(() => {});
  return {
    begun: Promise.race([listening, ran, late]).then(() => limit.abort()),
    async end() {
      input.write("\n");
      const { code, output } = await ran;
      return { code, output: output.replaceAll(`${BEGUN}\n`, "") };
    },
  };
}
