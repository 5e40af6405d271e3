/** A shell in a sandbox for a user who has no terminal of this machine, such as one in a browser. */
import { spawn } from "node:child_process";
import * as path from "node:path";
import type { Duplex } from "node:stream";
import type { Terminal, TerminalKind } from "../../../remote";
import { SCRIPTS } from "./environment";

/**
 * Starts a program on a terminal of its own.
 * @param argv such as a sandbox's `shellArgv` returns it.
 */
export function openHere(argv: readonly string[], { rows, columns, type }: TerminalKind): Terminal {
  const child = spawn("python3", [path.join(SCRIPTS, "terminal.py"), `${rows}`, `${columns}`, ...argv], {
    stdio: ["pipe", "pipe", "ignore", "pipe"],
    env: { ...process.env, TERM: type },
    // In a group of its own: Ctrl-C where the server runs is not for the shell.
    detached: true,
  });
  const [input, output, , sizes] = child.stdio as unknown as [Duplex, Duplex, null, Duplex];
  // A shell that has ended takes nothing any more. How it ended is told below.
  for (const one of [input, sizes]) one.on("error", () => {});
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", (error) => reject(new Error(`python3 cannot be started: ${error.message}`)));
    child.once("close", (code) => resolve(code ?? 128));
  });
  return {
    input,
    output,
    resize: (size) => sizes.write(`${size.rows} ${size.columns}\n`),
    end: () => {
      input.end();
      // The reader has gone, and output that waits to be written would keep the shell from ending.
      output.destroy();
    },
    ended,
  };
}
