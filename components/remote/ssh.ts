/**
 * SSH from this process: waits until a node accepts our login, and says why it does not. Also for the two things that
 * no Command resource can do: tolerate a dead node, and run right before another resource.
 */
import { setTimeout as delay } from "node:timers/promises";
import { Client, type ConnectConfig } from "ssh2";
import { algorithmsFor, describeKey, HostKeyMismatch } from "./host-key";
import { explain, LoginError, shut } from "./login-error";

/** How to log in, with every value known. */
export interface Target {
  host: string;
  port: number;
  user: string;
  /** OpenSSH format. Absent: the SSH agent is used. */
  privateKey?: string;
  /** The only host key to accept, as `ssh-ed25519 AAAA…`. Absent: any. */
  hostKey?: string;
  /** The jump host, over which the machine is reached. */
  jump?: Target;
}

/** What a command returned. `code` is -1 if a signal ended it. */
export interface Answer {
  code: number;
  stdout: string;
  stderr: string;
}

/** Time limit for each part of a login attempt, in milliseconds: the connection, then the login itself. */
const ATTEMPT = 15_000;
/** Shortest attempt in milliseconds, however near the limit: a login over a slow connection needs this long. */
const SHORTEST = 2000;

/** After how many milliseconds of silence a machine is asked whether it still lives, and after how many such questions not. */
const KEEPALIVE = { keepaliveInterval: 10_000, keepaliveCountMax: 3 };

/** How long a command may take, unless its caller says otherwise, in milliseconds. */
const LIMIT = 10 * 60_000;

/** How {@link execute} waits. */
export interface Patience {
  /** Time limit of the command, in milliseconds. Default: ten minutes. */
  limit?: number;
  /** After how many milliseconds of silence to ask whether the machine still lives. Default: 10 000. */
  keepalive?: number;
}

/**
 * Runs one command. A machine that stops answering is noticed within half a minute.
 * @param stdin what the command reads: a text, or a stream, which is read as fast as the node takes it.
 * @throws {Error} when login fails, the connection or the stream breaks before the command has ended, the machine does not
 *   answer any more, or the command takes too long.
 */
export async function execute(
  target: Target,
  command: string,
  stdin: string | NodeJS.ReadableStream,
  { limit = LIMIT, keepalive }: Patience = {},
): Promise<Answer> {
  const { client, end, abort } = await openSession(target, ATTEMPT, keepalive);
  let clock: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Answer>((resolve, reject) => {
      clock = setTimeout(() => {
        const seconds = Math.round(limit / 1000);
        reject(
          new Error(
            `${where(target)} has not finished within ${seconds} seconds, and is not waited for any longer`,
          ),
        );
      }, limit);
      client.on("error", (error) => reject(broken(target, error)));
      client.on("close", () => reject(new Error(`${where(target)} closed the connection`)));
      client.exec(command, (error, channel) => {
        if (error) return reject(error);
        const answer: Answer = { code: -1, stdout: "", stderr: "" };
        channel.setEncoding("utf8");
        channel.stderr.setEncoding("utf8");
        channel.on("data", (part: string) => {
          answer.stdout += part;
        });
        channel.stderr.on("data", (part: string) => {
          answer.stderr += part;
        });
        channel.on("exit", (code: number | null) => {
          answer.code = code ?? -1;
        });
        channel.on("close", () => resolve(answer));
        if (typeof stdin === "string") return void channel.end(stdin);
        stdin.on("error", reject);
        // Ignore the error: a command that ends early closes its input, and its exit code says why.
        channel.on("error", () => {});
        stdin.pipe(channel);
      });
    });
  } catch (error) {
    // Not by a farewell: a machine that is frozen never takes it, and would keep this process from ending.
    abort();
    throw error;
  } finally {
    clearTimeout(clock);
    end();
  }
}

/** What an error of an open connection means. */
export const broken = (target: Target, error: Error & { level?: string }): Error =>
  error.level === "client-timeout"
    ? new Error(`${where(target)} does not answer any more: the machine is frozen, down or cut off`)
    : error;

/**
 * Waits until login works. It tries again with growing pauses, from one second to ten.
 * @param limit seconds. A machine that boots takes a minute or two.
 * @param say is called with the reason for waiting, whenever that changes.
 * @returns the machine's host key, as `ssh-ed25519 AAAA…`.
 * @throws {HostKeyMismatch} at once when the machine has another host key than the target's.
 * @throws {Error} with what was tried, how the last attempt ended and what to check.
 */
export async function waitForSsh(
  target: Target,
  limit: number,
  say: (sentence: string) => void = () => {},
): Promise<string> {
  const end = Date.now() + limit * 1000;
  let said = "";
  for (let pause = 1000; ; pause = Math.min(pause * 1.5, 10_000)) {
    try {
      // Shorten the last attempt: a machine that drops packets would keep it waiting far beyond the limit.
      const patience = Math.min(ATTEMPT, Math.max(SHORTEST, end - Date.now()));
      const { hostKey, end: logout } = await openSession(target, patience);
      logout();
      return hostKey;
    } catch (error) {
      const { message } = error as Error;
      if (error instanceof LoginError && error.final) throw error;
      if (Date.now() + pause > end) {
        throw new Error(`could not log in to ${where(target)} within ${limit} seconds: ${message}`);
      }
      if (message !== said) say(`waiting for SSH on ${where(target)}: ${message}`);
      said = message;
      await delay(pause);
    }
  }
}

const where = ({ user, host, port, jump }: Target): string =>
  `${user}@${host}:${port}${jump ? ` over ${jump.host}` : ""}`;

type Socket = NonNullable<ConnectConfig["sock"]>;

/** A login that is open. */
interface Session {
  client: Client;
  /** The machine's host key, as `ssh-ed25519 AAAA…`. */
  hostKey: string;
  end(): void;
  /** Closes the connection without a word, also to a machine that does not answer. */
  abort(): void;
}

/**
 * Logs in. The caller must call `end`.
 * @param patience time limit for each part of the login, in milliseconds.
 * @param keepalive see {@link Patience}.
 * @throws {LoginError} with why login failed, and what to check.
 */
export async function openSession(
  target: Target,
  patience = ATTEMPT,
  keepalive = KEEPALIVE.keepaliveInterval,
): Promise<Session> {
  if (!target.jump) return open(target, patience, keepalive);
  const first = await openSession(target.jump, patience, keepalive);
  try {
    const second = await open(target, patience, keepalive, await forward(first.client, target, patience));
    return {
      ...second,
      end() {
        second.end();
        first.end();
      },
      abort() {
        second.abort();
        first.abort();
      },
    };
  } catch (error) {
    first.end();
    throw error;
  }
}

/**
 * A connection from the jump host to the machine. It has its own timeout: the jump host waits two minutes for a machine
 * that drops packets, and may itself stop answering.
 */
function forward(client: Client, { host, port, jump }: Target, patience: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string) =>
      reject(new LoginError(`${jump?.host} cannot reach ${host} on port ${port} (${reason})`, false));
    const timer = setTimeout(() => fail("no answer"), patience);
    client.on("error", ({ message }) => fail(message));
    client.on("close", () => fail("it closed the connection"));
    client.forwardOut("127.0.0.1", 0, host, port, (error, channel) => {
      clearTimeout(timer);
      if (error) fail(error.message);
      else resolve(channel);
    });
  });
}

function open(target: Target, patience: number, keepalive: number, sock?: Socket): Promise<Session> {
  const { host, port, user, privateKey, hostKey } = target;
  const [type, base64] = (hostKey ?? "").trim().split(/\s+/);
  const client = new Client();
  let answer = "";
  let mismatch: HostKeyMismatch | undefined;
  return new Promise<Session>((resolve, reject) => {
    client.on("error", (error) => {
      client.destroy();
      reject(mismatch ?? explain(target, error));
    });
    client.on("close", () => reject(shut()));
    client.on("ready", () =>
      resolve({ client, hostKey: answer, end: () => void client.end(), abort: () => void client.destroy() }),
    );
    client.connect({
      host,
      port,
      sock,
      username: user,
      privateKey,
      agent: privateKey ? undefined : process.env.SSH_AUTH_SOCK,
      readyTimeout: patience,
      ...KEEPALIVE,
      keepaliveInterval: keepalive,
      ...(type && { algorithms: { serverHostKey: algorithmsFor(type) as never } }),
      hostVerifier: (key: Buffer) => {
        answer = describeKey(key);
        if (!hostKey || key.toString("base64") === base64) return true;
        mismatch = new HostKeyMismatch(host, hostKey, answer);
        return false;
      },
    });
  });
}
