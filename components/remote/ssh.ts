/**
 * SSH from this process: waits until a node accepts our login, and says why it does not. Also for the two things that
 * no Command resource can do: tolerate a dead node, and run right before another resource.
 */
import { setTimeout as delay } from "node:timers/promises";
import { Client, type ConnectConfig, utils } from "ssh2";

/** How to log in, with every value known. */
export interface Target {
  host: string;
  port: number;
  user: string;
  /** OpenSSH format. Absent: the SSH agent is used. */
  privateKey?: string;
  /** The only host key to accept, as `ssh-ed25519 AAAA…`. Absent: any. */
  hostKey?: string;
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

/** Why a login failed, in a sentence that says where to look. */
class LoginError extends Error {
  /** @param final whether another attempt is pointless. */
  constructor(
    message: string,
    readonly final: boolean,
  ) {
    super(message);
  }
}

/**
 * Runs one command.
 * @param stdin what the command reads: a text, or a stream, which is read as fast as the node takes it.
 * @throws {Error} when login fails, or the connection or the stream breaks before the command has ended.
 */
export async function execute(
  target: Target,
  command: string,
  stdin: string | NodeJS.ReadableStream,
): Promise<Answer> {
  const { client, end } = await openSession(target);
  try {
    return await new Promise<Answer>((resolve, reject) => {
      client.on("error", reject);
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
  } finally {
    end();
  }
}

/**
 * Waits until login works. It tries again with growing pauses, from one second to ten.
 * @param limit seconds. A machine that boots takes a minute or two.
 * @param say is called with the reason for waiting, whenever that changes.
 * @throws {Error} with what was tried, how the last attempt ended and what to check.
 */
export async function waitForSsh(
  target: Target,
  limit: number,
  say: (sentence: string) => void = () => {},
): Promise<void> {
  const end = Date.now() + limit * 1000;
  let said = "";
  for (let pause = 1000; ; pause = Math.min(pause * 1.5, 10_000)) {
    try {
      // Shorten the last attempt: a machine that drops packets would keep it waiting far beyond the limit.
      const patience = Math.min(ATTEMPT, Math.max(SHORTEST, end - Date.now()));
      (await openSession(target, patience)).end();
      return;
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

interface Login {
  client: Client;
  end(): void;
}

/** Logs in. The caller must call `end`. @throws {Error} with why login failed, and what to check. */
export async function openSession(target: Target, patience = ATTEMPT): Promise<Login> {
  if (!target.jump) return open(target, patience);
  const first = await openSession(target.jump, patience);
  try {
    const second = await open(target, patience, await forward(first.client, target, patience));
    return {
      client: second.client,
      end() {
        second.end();
        first.end();
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

function open(target: Target, patience: number, sock?: Socket): Promise<Login> {
  const client = new Client();
  let answeredWith = "";
  return new Promise<Login>((resolve, reject) => {
    client.on("error", (error) => {
      client.destroy();
      reject(answeredWith ? wrongHostKey(target, answeredWith) : explain(target, error));
    });
    client.on("close", () => reject(new LoginError(SHUT, false)));
    client.on("ready", () => resolve({ client, end: () => void client.end() }));
    const { hostKey } = target;
    const [type, base64] = (hostKey ?? "").trim().split(/\s+/);
    client.connect({
      host: target.host,
      port: target.port,
      sock,
      username: target.user,
      privateKey: target.privateKey,
      agent: target.privateKey ? undefined : process.env.SSH_AUTH_SOCK,
      readyTimeout: patience,
      // A host has keys of several types: ask for the type that we know.
      ...(type && { algorithms: { serverHostKey: [type] as never } }),
      hostVerifier: (key: Buffer) => {
        if (!hostKey || key.toString("base64") === base64) return true;
        answeredWith = describeKey(key);
        return false;
      },
    });
  });
}

function describeKey(key: Buffer): string {
  const parsed = utils.parseKey(key);
  return `${parsed instanceof Error ? "a key" : parsed.type} ${key.toString("base64")}`;
}

const wrongHostKey = ({ host, hostKey }: Target, answer: string): LoginError =>
  new LoginError(
    `${host} has the host key ${answer}, but ${hostKey} was expected: another machine has its address, or it was reinstalled`,
    true,
  );

type SocketError = Error & { code?: string; level?: string };

/** What each failure of a login means, and what to check. */
function explain({ host, port, user, privateKey }: Target, error: SocketError): LoginError {
  switch (error.code) {
    case "ECONNREFUSED":
      return new LoginError(`${host} refuses port ${port}: it is booting, or no sshd listens there`, false);
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return new LoginError(
        `there is no route to ${host}: check the address, and whether the machine is up`,
        false,
      );
    case "ETIMEDOUT":
      return new LoginError(silent(host, port), false);
    case "ENOTFOUND":
      return new LoginError(`no such host name: ${host}`, true);
  }
  switch (error.level) {
    case "client-timeout":
      return new LoginError(silent(host, port), false);
    case "agent":
    case "client-authentication":
      return new LoginError(
        privateKey
          ? `${host} does not accept this key for ${user} (cloud-init may not have installed it yet; otherwise check user and key)`
          : `${host} does not accept a key of your SSH agent for ${user}; ssh-add the key, or set it in the config`,
        false,
      );
  }
  // A port that accepts connections without a server behind it, like a forwarded port while the machine boots.
  if (/before handshake|ECONNRESET/.test(`${error.message} ${error.code}`))
    return new LoginError(SHUT, false);
  return new LoginError(error.message, false);
}

const SHUT = "it closes the connection at once: its sshd is starting";

const silent = (host: string, port: number): string =>
  `${host} does not answer on port ${port}: it is booting, or a firewall (security group, accessCidrs) is blocking your address`;
