/** One command on a node whose output is bytes, and which is stopped from here. */
import { pipeline } from "node:stream/promises";
import { broken, openSession, type Target } from "./ssh";

/** How a command ended. */
export interface Ending {
  /** The exit code; -1 if a signal ended it. */
  code: number;
  stderr: string;
}

/**
 * Runs a command on a node and writes its standard output to a stream, byte for byte. When it is to stop, its standard input
 * ends: the command must take that as the sign, because sshd lets no user signal what sudo has started.
 * @param out is not ended.
 * @throws {Error} when login fails, or the connection breaks before the command has ended.
 */
export async function stream(
  target: Target,
  command: string,
  out: NodeJS.WritableStream,
  stop: AbortSignal,
): Promise<Ending> {
  const { client, end, abort } = await openSession(target);
  try {
    return await new Promise<Ending>((resolve, reject) => {
      client.on("error", (error) => reject(broken(target, error)));
      client.on("close", () => reject(new Error(`${target.host} closed the connection`)));
      client.exec(command, (error, channel) => {
        if (error) return reject(error);
        const ending: Ending = { code: -1, stderr: "" };
        const finish = () => channel.end();
        if (stop.aborted) finish();
        stop.addEventListener("abort", finish);
        channel.stderr.setEncoding("utf8");
        channel.stderr.on("data", (part: string) => {
          ending.stderr += part;
        });
        channel.on("exit", (code: number | null) => {
          ending.code = code ?? -1;
        });
        const written = pipeline(channel, out, { end: false });
        channel.on("close", () => {
          stop.removeEventListener("abort", finish);
          written.then(() => resolve(ending), reject);
        });
        // A reader that has seen enough ends the command, too.
        written.catch(finish);
      });
    });
  } catch (error) {
    abort();
    throw error;
  } finally {
    end();
  }
}
