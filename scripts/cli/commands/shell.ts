/** `lab shell`: a shell, or one command, in a node, a pod, the router, the internet host or the fabric. */
import type { Command } from "commander";
import { command, endsWith, type LabOptions, named, stackOption } from "../command";
import { badUsage } from "../failure";
import { requireLab } from "../labs";

export const shell = (): Command =>
  command("shell", {
    summary: "open a shell in a node, a pod, router, internet or fabric",
    details:
      "Opens a shell in that network namespace of the twin, or on that machine of a cluster. Node containers also have router and fabric. With a command, runs it there and returns its exit code. Options after the name belong to the command, except --stack right after the name.",
    examples: ["shell w1", "shell w1 ip -br addr", "shell router tcpdump -lni any udp port 4789"],
  })
    .argument("<name>", "a node, a pod such as w1-1, router, internet or fabric")
    .argument("[command...]", "what to run there; default: a shell")
    .addOption(stackOption())
    .passThroughOptions()
    .action(endsWith(openShell));

async function openShell(name: string, rest: readonly string[], options: LabOptions): Promise<number> {
  const { stack: late, words } = splitWords(rest);
  const stack = await requireLab(named(late, options));
  const { enter } = require("../shell") as typeof import("../shell");
  return enter(stack, name, words);
}

/** Takes our own option, and the `--` that some people type, from the front of a command's words. */
export function splitWords(rest: readonly string[]): { stack?: string; words: readonly string[] } {
  const [first = "", second] = rest;
  if (first === "--") return { words: rest.slice(1) };
  const glued = /^--stack=(.*)$/s.exec(first)?.[1];
  if (glued === undefined && first !== "--stack" && first !== "-s") return { words: rest };
  const stack = glued ?? second;
  if (!stack) throw badUsage(`${first} needs the name of a stack.`);
  const { words } = splitWords(rest.slice(glued === undefined ? 2 : 1));
  return { stack, words };
}
