/** Runs tcpdumps in a place, from when they listen until they are told to end. */
import { PassThrough } from "node:stream";
import type { Ran, Streams } from "./api";
import { MARK, quote } from "./commands";
import { awaitSigns } from "./signs";

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

/** Captures that run in one place. */
export interface Capturing {
  /** When all listen, or the time for it is over. */
  begun: Promise<unknown>;
  /** Ends those that have not ended. @returns what their script printed. */
  end(): Promise<Ran>;
}

/** Printed for each capture that listens, or says why it cannot. */
const BEGUN = `${MARK}begun`;

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

/** Begins captures. @param run runs a program in their place, as the cluster's API does. */
export function beginCaptures(
  commands: readonly string[],
  run: (command: string[], seconds: number, streams: Streams) => Promise<Ran>,
): Capturing {
  const input = new PassThrough();
  const { hear, given } = awaitSigns(new RegExp(BEGUN, "g"), commands.length, BEGIN);
  const ran = run(["sh", "-c", captureScript(commands)], LIMIT + END, { hear, input });
  return {
    begun: Promise.race([given, ran]),
    async end() {
      input.write("\n");
      const { code, output } = await ran;
      return { code, output: output.replaceAll(`${BEGUN}\n`, "") };
    },
  };
}
