/** A shell or one command on a node, in the caller's terminal or in one that a browser draws. */
import type { Readable, Writable } from "node:stream";
import type { ClientChannel } from "ssh2";
import { broken, openSession, type Target } from "./ssh";

/**
 * Connects this process's standard streams to a shell or a command on the node.
 * @param command if undefined, an interactive shell, with a terminal if this process has one.
 * @returns the exit code; 128 or more if a signal ended it, as shells report it.
 * @throws {Error} when login fails.
 */
export async function attach(target: Target, command: string | undefined): Promise<number> {
  const { client, end, abort } = await openSession(target);
  const { stdin, stdout, stderr } = process;
  // Only a shell needs a terminal. A command gets its input unchanged.
  const terminal = command === undefined && stdin.isTTY === true;
  const size = () => ({ rows: stdout.rows ?? 24, cols: stdout.columns ?? 80, height: 0, width: 0 });
  try {
    return await new Promise<number>((resolve, reject) => {
      client.on("error", (error) => reject(broken(target, error)));
      client.on("close", () => reject(new Error(`${target.host} closed the connection`)));
      const join = (error: Error | undefined, channel: ClientChannel) => {
        if (error) return reject(error);
        const resize = () => channel.setWindow(size().rows, size().cols, 0, 0);
        if (terminal) {
          stdin.setRawMode(true);
          stdout.on("resize", resize);
        }
        stdin.pipe(channel);
        channel.pipe(stdout, { end: false });
        channel.stderr.pipe(stderr, { end: false });
        let status = 0;
        channel.on("exit", (code: number | null) => {
          status = code ?? 128;
        });
        channel.on("close", () => {
          if (terminal) {
            stdin.setRawMode(false);
            stdout.off("resize", resize);
          }
          stdin.unpipe(channel);
          stdin.pause();
          resolve(status);
        });
      };
      if (command !== undefined) client.exec(command, join);
      else if (terminal) client.shell({ term: process.env.TERM ?? "xterm", ...size() }, join);
      else client.shell(false, join);
    });
  } catch (error) {
    abort();
    throw error;
  } finally {
    end();
  }
}

/** A terminal's size in characters. */
export interface TerminalSize {
  rows: number;
  columns: number;
}

/** What a terminal is when it is opened. */
export interface TerminalKind extends TerminalSize {
  /** What programs are told to draw for, such as `xterm-256color`. */
  type: string;
}

/** A shell on a terminal that is not this process's own. */
export interface Terminal {
  /** What is typed. */
  input: Writable;
  /** What the terminal shows. */
  output: Readable;
  resize(size: TerminalSize): void;
  /** Hangs up, which ends the shell. */
  end(): void;
  /** The shell's exit code, once it has ended. @throws {Error} when the connection breaks before. */
  ended: Promise<number>;
}

/**
 * Opens a shell on the node, on a terminal of its own.
 * @throws {Error} when login fails.
 */
export async function openTerminal(target: Target, { rows, columns, type }: TerminalKind): Promise<Terminal> {
  const { client, end, abort } = await openSession(target);
  const window = { term: type, rows, cols: columns, height: 0, width: 0 };
  const channel = await new Promise<ClientChannel>((resolve, reject) => {
    client.once("error", (error) => reject(broken(target, error)));
    client.once("close", () => reject(new Error(`${target.host} closed the connection`)));
    client.shell(window, (error, opened) => (error ? reject(error) : resolve(opened)));
  }).catch((error: unknown) => {
    abort();
    throw error;
  });
  const ended = new Promise<number>((resolve, reject) => {
    let status: number | undefined;
    client.on("error", (error) => reject(broken(target, error)));
    channel.on("exit", (code: number | null) => {
      status = code ?? 128;
    });
    channel.on("close", () => {
      if (status === undefined) reject(new Error(`${target.host} closed the connection`));
      else resolve(status);
    });
  }).finally(end);
  return {
    input: channel,
    output: channel,
    resize: (size) => channel.setWindow(size.rows, size.columns, 0, 0),
    // Not by a farewell, which a machine that is frozen never takes.
    end: abort,
    ended,
  };
}
