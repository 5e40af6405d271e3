/** SSH servers of ssh2 inside this process, on loopback. */
import { spawn } from "node:child_process";
import { type AddressInfo, connect, createServer, type Server as TcpServer } from "node:net";
import { type Connection, Server } from "ssh2";
import { type KeyPairText, newKeyPair, type Target } from "../../components/remote";

export const HERE = "127.0.0.1";
/** An address of a documentation range (RFC 5737), for which a server here never opens a connection. */
export const SILENT = "192.0.2.1";

/** A command that never ends. */
export const NEVER = "never";

/** `ssh-ed25519 AAAA…`, without the comment. */
export const publicOf = ({ publicKey }: KeyPairText): string => publicKey.split(" ").slice(0, 2).join(" ");

/** Servers that end together, and the keys that they use by default. */
export class SshServers {
  /** The key that a server accepts. */
  readonly own = newKeyPair("test");
  /** The key that a server shows. */
  readonly host = newKeyPair("test");
  /** Called when a server begins {@link NEVER}. */
  begun: () => void = () => {};
  private readonly running: TcpServer[] = [];

  /** Starts any server. @param port default: one that is free. @returns its port. */
  async listen(server: Server | TcpServer, port = 0): Promise<number> {
    const tcp = server as TcpServer;
    this.running.push(tcp);
    await new Promise<void>((done) => tcp.listen(port, HERE, done));
    return (tcp.address() as AddressInfo).port;
  }

  /**
   * Starts an sshd that accepts one key and forwards connections. It answers any command with the command and its input.
   * @param accepted the public key. @param host its host key. @param answer what it answers instead.
   */
  sshd({
    accepted = publicOf(this.own),
    host = this.host,
    port = 0,
    answer = echo,
  }: {
    accepted?: string;
    host?: KeyPairText;
    port?: number;
    answer?: AnswerTo;
  } = {}): Promise<number> {
    const server = new Server({ hostKeys: [host.privateKey] }, (client) =>
      serve(client, accepted, answer, () => this.begun()),
    );
    return this.listen(server, port);
  }

  /** Starts an sshd that runs its commands with `sh`, and whose programs are those of `path`. @returns its port. */
  runningSh(path: string): Promise<number> {
    const server = new Server({ hostKeys: [this.host.privateKey] }, (client) => {
      client.on("error", () => {});
      client.on("authentication", (context) => context.accept());
      client.on("session", (accept) => {
        accept().on("exec", (acceptExec, _reject, { command }) => {
          const channel = acceptExec();
          const child = spawn("sh", ["-c", command], { env: { PATH: path } });
          channel.pipe(child.stdin);
          child.stdout.pipe(channel, { end: false });
          child.stderr.pipe(channel.stderr, { end: false });
          child.on("close", (code) => {
            channel.exit(code ?? 255);
            channel.end();
          });
        });
      });
    });
    return this.listen(server);
  }

  /** Starts an sshd with a shell on a terminal. It shows each size, and `exit N` ends it. @returns its port. */
  withTerminals(): Promise<number> {
    const server = new Server({ hostKeys: [this.host.privateKey] }, (client) => {
      client.on("error", () => {});
      client.on("authentication", (context) => context.accept());
      client.on("session", (accept) => {
        const session = accept();
        const shown: string[] = [];
        let show = (text: string) => void shown.push(text);
        // The types lack the terminal's kind, which ssh2 passes on.
        session.on("pty", (acceptPty, _reject, info) => {
          acceptPty();
          show(`${info.rows} ${info.cols} ${(info as { term?: string }).term}\n`);
        });
        session.on("window-change", (_accept, _reject, info) => show(`${info.rows} ${info.cols}\n`));
        session.on("shell", (acceptShell) => {
          const channel = acceptShell();
          show = (text) => void channel.write(text);
          for (const text of shown) show(text);
          channel.on("data", (typed: Buffer) => {
            const [, code] = /^exit (\d+)/.exec(typed.toString()) ?? [];
            if (code === undefined) return;
            channel.exit(Number(code));
            channel.end();
          });
        });
      });
    });
    return this.listen(server);
  }

  /**
   * Starts a machine that freezes: it answers until something arrives that the test chooses, and then takes packets but never
   * answers again, as a paused virtual machine does behind its host's kernel.
   * @param port of the server. @param isFrozen whether it is frozen now.
   */
  freezing(port: number, isFrozen: () => boolean): Promise<number> {
    return this.listen(
      createServer((near) => {
        const far = connect(port, HERE);
        near.on("data", (part: Buffer) => isFrozen() || far.write(part));
        far.on("data", (part: Buffer) => isFrozen() || near.write(part));
        near.on("close", () => far.destroy());
        for (const socket of [near, far]) socket.on("error", () => {});
      }),
    );
  }

  /** How to log in to a server here. */
  target(port: number, more: Partial<Target> = {}): Target {
    const { privateKey } = this.own;
    return { host: HERE, port, user: "root", privateKey, hostKey: publicOf(this.host), ...more };
  }

  /** Lets no server accept a connection any more. Those that are open stay until the client ends them. */
  stop(): void {
    for (const server of this.running.splice(0)) server.close();
  }
}

/** What a server answers to a command and its input. */
type AnswerTo = (command: string, input: string) => { stdout: string; code: number };

const echo: AnswerTo = (command, input) => ({ stdout: `${command}: ${input}`, code: 3 });

function serve(client: Connection, accepted: string, answer: AnswerTo, begun: () => void): void {
  client.on("error", () => {}); // in some tests a client disconnects early
  client.on("authentication", (context) => {
    const [type, base64] = accepted.split(" ");
    const isKey = context.method === "publickey" && context.key.algo === type;
    if (isKey && context.key.data.toString("base64") === base64) context.accept();
    else context.reject(["publickey"]);
  });
  client.on("ready", () => {
    client.on("session", (accept) => {
      accept().on("exec", (acceptExec, _reject, { command }) => {
        const channel = acceptExec();
        let input = "";
        channel.on("data", (part: Buffer) => {
          input += part.toString();
        });
        channel.on("end", () => {
          if (command === NEVER) return begun();
          channel.stderr.write("said\n");
          const { stdout, code } = answer(command, input);
          channel.write(stdout);
          channel.exit(code);
          channel.end();
        });
      });
    });
    client.on("tcpip", (accept, reject, { destIP, destPort }) => {
      if (destIP === SILENT) return;
      const socket = connect(destPort, destIP);
      socket.once("error", () => reject());
      socket.once("connect", () => {
        const channel = accept();
        channel.pipe(socket).pipe(channel);
        channel.on("close", () => socket.destroy());
        socket.on("close", () => channel.end());
      });
    });
  });
}
