/**
 * Login, against SSH servers that this test runs on loopback: how each failure is explained, and when login gives up.
 */
import assert from "node:assert/strict";
import { type AddressInfo, connect, createServer, type Server as TcpServer } from "node:net";
import { type Connection, Server, type ServerConfig, utils } from "ssh2";
import { execute, type Target, waitForSsh } from "../../components/remote";

const HERE = "127.0.0.1";
const SILENT = "192.0.2.1";
const newKey = () => utils.generateKeyPairSync("ed25519");
const own = newKey();
const host = newKey();
const publicOf = ({ public: text }: { public: string }) => text.split(" ").slice(0, 2).join(" ");

describe("logging in over SSH", () => {
  const running: (Server | TcpServer)[] = [];
  const agent = process.env.SSH_AUTH_SOCK;
  afterEach(() => {
    for (const server of running.splice(0)) server.close();
    if (agent === undefined) delete process.env.SSH_AUTH_SOCK;
    else process.env.SSH_AUTH_SOCK = agent;
  });

  const listen = async (server: Server | TcpServer): Promise<number> => {
    running.push(server);
    await new Promise<void>((done) => (server as TcpServer).listen(0, HERE, done));
    return ((server as TcpServer).address() as AddressInfo).port;
  };

  /** An sshd that accepts one key and forwards connections. It answers any command with the command and its input. */
  const sshd = (issueTokens = publicOf(own)): Promise<number> => {
    const config: ServerConfig = { hostKeys: [host.private] };
    return listen(new Server(config, (client) => serve(client, issueTokens)));
  };

  const target = (port: number, more: Partial<Target> = {}): Target => ({
    host: HERE,
    port,
    user: "root",
    privateKey: own.private,
    hostKey: publicOf(host),
    ...more,
  });

  it("runs a command with its input, and returns exit code and output", async () => {
    const port = await sshd();
    const answer = await execute(target(port), "cat", "a secret\n");
    assert.deepEqual(answer, { code: 3, stdout: "cat: a secret\n", stderr: "said\n" });
  });

  it("waits for a server that starts later, and says what it waits for", async () => {
    const gone = createServer();
    const port = await listen(gone);
    await new Promise((done) => gone.close(done));
    const said: string[] = [];
    const waiting = waitForSsh(target(port), 20, (sentence) => {
      said.push(sentence);
      const late = new Server({ hostKeys: [host.private] }, (client) => serve(client, publicOf(own)));
      running.push(late);
      late.listen(port, HERE);
    });
    await waiting;
    assert.equal(said.length, 1);
    assert.match(said[0] ?? "", /waiting for SSH on root@127\.0\.0\.1:\d+: 127\.0\.0\.1 refuses port \d+/);
  });

  it("gives up at its limit when nothing listens on the port", async () => {
    const gone = createServer();
    const port = await listen(gone);
    await new Promise((done) => gone.close(done));
    await assert.rejects(
      waitForSsh(target(port), 1),
      /^Error: could not log in to root@127\.0\.0\.1:\d+ within 1 seconds: 127\.0\.0\.1 refuses port \d+: it is booting, or no sshd listens there$/,
    );
  });

  it("gives up at its limit when a server listens but never answers", async () => {
    const port = await listen(createServer(() => {}));
    await assert.rejects(
      waitForSsh(target(port), 2),
      /within 2 seconds: 127\.0\.0\.1 does not answer on port \d+: it is booting, or a firewall/,
    );
  });

  it("keeps waiting while sshd closes each connection, as it does while it starts", async () => {
    const port = await listen(createServer((socket) => socket.destroy()));
    await assert.rejects(
      waitForSsh(target(port), 1),
      /within 1 seconds: .*(closes the connection|ECONNRESET)/,
    );
  });

  it("gives up at once on a wrong host key, and names both keys", async () => {
    const port = await sshd();
    const expected = publicOf(newKey());
    await assert.rejects(waitForSsh(target(port, { hostKey: expected }), 60), (error: Error) => {
      assert.ok(error.message.includes(`has the host key ${publicOf(host)}, but ${expected} was expected`));
      return true;
    });
  });

  it("accepts any host key when none is known", async () => {
    const port = await sshd();
    await waitForSsh(target(port, { hostKey: undefined }), 1);
  });

  it("says that the key is not accepted", async () => {
    const port = await sshd(publicOf(newKey()));
    await assert.rejects(waitForSsh(target(port), 1), /127\.0\.0\.1 does not accept this key for root/);
  });

  it("says that no key of the agent is accepted, also when there is no agent", async () => {
    const port = await sshd();
    process.env.SSH_AUTH_SOCK = "/nonexistent/agent";
    await assert.rejects(
      waitForSsh(target(port, { privateKey: undefined }), 1),
      /does not accept a key of your SSH agent for root; ssh-add the key/,
    );
  });

  it("goes over a jump host, and checks both host keys", async () => {
    const [jump, behind] = [target(await sshd()), await sshd()];
    assert.equal((await execute(target(behind, { jump }), "cat", "x")).stdout, "cat: x");
    const wrong = publicOf(newKey());
    await assert.rejects(
      waitForSsh(target(behind, { jump, hostKey: wrong }), 60),
      /has the host key .* was expected/,
    );
    await assert.rejects(
      waitForSsh(target(behind, { jump: { ...jump, hostKey: wrong } }), 60),
      /has the host key .* was expected/,
    );
  });

  it("gives up at its limit when the machine behind the jump host does not answer", async () => {
    const jump = target(await sshd());
    // An address of a documentation range (RFC 5737), for which this test's jump host never answers.
    await assert.rejects(
      waitForSsh(target(22, { host: SILENT, jump }), 1),
      /within 1 seconds: 127\.0\.0\.1 cannot reach 192\.0\.2\.1 on port 22 \(no answer\)/,
    );
  });

  it("says that the jump host cannot reach the machine", async () => {
    const jump = target(await sshd());
    const gone = createServer();
    const port = await listen(gone);
    await new Promise((done) => gone.close(done));
    await assert.rejects(
      waitForSsh(target(port, { jump }), 1),
      /could not log in to root@127\.0\.0\.1:\d+ over 127\.0\.0\.1 within 1 seconds: 127\.0\.0\.1 cannot reach 127\.0\.0\.1 on port \d+/,
    );
  });
});

function serve(client: Connection, issueTokens: string): void {
  client.on("error", () => {}); // in some tests a client disconnects early
  client.on("authentication", (context) => {
    const [type, base64] = issueTokens.split(" ");
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
          channel.stderr.write("said\n");
          channel.write(`${command}: ${input}`);
          channel.exit(3);
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
