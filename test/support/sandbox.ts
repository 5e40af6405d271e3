/** What the tests of a sandbox check from outside: the host's network, its processes, and a terminal. */
import { execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { processes } from "./processes";

/** Everything in the host's network that a twin could have changed, as one text to compare. */
export function hostNetwork(): string {
  const say = (command: string, ...argv: string[]) =>
    execFileSync(command, argv, { encoding: "utf8", stdio: "pipe" });
  return [
    say("ip", "-d", "link"),
    say("ip", "address"),
    say("ip", "route", "show", "table", "all"),
    say("ip", "rule"),
    process.getuid?.() === 0 ? say("nft", "list", "ruleset") : "",
    // Without counters that change by themselves.
    say(
      "bash",
      "-c",
      "sysctl -a 2> /dev/null | grep '^net\\.' | grep -vE 'conntrack_count|file-nr|entropy|_ratelimit_cur'",
    ),
    fs.readFileSync("/proc/mounts", "utf8"),
  ].join("\n");
}

/** The command lines of living processes that contain this text, except this process's own. */
export const mentions = (text: string): string[] =>
  processes()
    .map(({ commandLine }) => commandLine)
    .filter((line) => line.includes(text));

/** Waits until the condition holds. @param limit milliseconds. Default: ten seconds. @throws {Error} after it. */
export async function until(condition: () => boolean | Promise<boolean>, limit = 10_000): Promise<void> {
  const deadline = Date.now() + limit;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${limit} ms: ${condition}`);
    await delay(20);
  }
}

/** Runs a program in a terminal, types one line after each prompt, and returns what the terminal showed. */
export async function inTerminal(argv: string[], lines: string[]): Promise<string> {
  const quoted = argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  const child = spawn("script", ["-qec", quoted, "/dev/null"], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  let shown = "";
  let typed = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    shown += chunk.toString();
    const prompts = shown.split("# ").length - 1;
    while (typed < lines.length && typed < prompts) child.stdin.write(`${lines[typed++]}\n`);
  });
  await ended;
  return shown;
}
