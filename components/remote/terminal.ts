/** A shell or one command on a node, in the caller's terminal. */
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
