/**
 * Login, against SSH servers that this test runs on loopback: how each failure is explained, and when login gives up.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createServer } from "node:net";
import { execute, fingerprint, HostKeyMismatch, newKeyPair, waitForSsh } from "../../components/remote";
import { HERE, NEVER, publicOf, SILENT, SshServers } from "../support/ssh-server";

describe("logging in over SSH", () => {
  let servers: SshServers;
  const agent = process.env.SSH_AUTH_SOCK;
  beforeEach(() => {
    servers = new SshServers();
  });
  afterEach(() => {
    servers.stop();
    if (agent === undefined) delete process.env.SSH_AUTH_SOCK;
    else process.env.SSH_AUTH_SOCK = agent;
  });

  /** A port on which nothing listens. */
  const closedPort = async (): Promise<number> => {
    const server = createServer();
    const port = await servers.listen(server);
    await new Promise((done) => server.close(done));
    return port;
  };

  it("runs a command with its input, and returns exit code and output", async () => {
    const port = await servers.sshd();
    const answer = await execute(servers.target(port), "cat", "a secret\n");
    assert.deepEqual(answer, { code: 3, stdout: "cat: a secret\n", stderr: "said\n" });
  });

  it("does not wait for a command beyond its limit", async () => {
    const port = await servers.sshd();
    await assert.rejects(
      execute(servers.target(port), NEVER, "", { limit: 1000 }),
      /^Error: root@127\.0\.0\.1:\d+ has not finished within 1 seconds, and is not waited for any longer$/,
    );
  });

  for (const over of ["directly", "over a jump host"])
    it(`notices within a few keepalives that a machine is frozen, reached ${over}`, async () => {
      const frozen = { now: false };
      const port = await servers.freezing(await servers.sshd(), () => frozen.now);
      const jump = over === "directly" ? undefined : servers.target(await servers.sshd());
      servers.begun = () => {
        frozen.now = true;
      };
      const running = execute(servers.target(port, { jump }), NEVER, "", { keepalive: 100 });
      await assert.rejects(running, /does not answer any more: the machine is frozen, down or cut off$/);
    });

  it("waits for a silent command whose machine lives, for many keepalives", async () => {
    const port = await servers.sshd();
    const running = execute(servers.target(port), NEVER, "", { keepalive: 20, limit: 1000 });
    await assert.rejects(running, /has not finished within/);
  });

  it("waits for a server that starts later, and says what it waits for", async () => {
    const port = await closedPort();
    const said: string[] = [];
    await waitForSsh(servers.target(port), 20, (sentence) => {
      said.push(sentence);
      void servers.sshd({ port });
    });
    assert.equal(said.length, 1);
    assert.match(said[0] ?? "", /waiting for SSH on root@127\.0\.0\.1:\d+: 127\.0\.0\.1 refuses port \d+/);
  });

  it("gives up at its limit when nothing listens on the port", async () => {
    await assert.rejects(
      waitForSsh(servers.target(await closedPort()), 1),
      /^Error: could not log in to root@127\.0\.0\.1:\d+ within 1 seconds: 127\.0\.0\.1 refuses port \d+: it is booting, or no sshd listens there$/,
    );
  });

  it("gives up at its limit when a server listens but never answers", async () => {
    const port = await servers.listen(createServer(() => {}));
    await assert.rejects(
      waitForSsh(servers.target(port), 2),
      /within 2 seconds: 127\.0\.0\.1 does not answer on port \d+: it is booting, or a firewall/,
    );
  });

  it("keeps waiting while sshd closes each connection, as it does while it starts", async () => {
    const port = await servers.listen(createServer((socket) => socket.destroy()));
    await assert.rejects(
      waitForSsh(servers.target(port), 1),
      /within 1 seconds: .*(closes the connection|ECONNRESET)/,
    );
  });

  it("gives up at once on a wrong host key, and says both fingerprints and how to accept the new key", async () => {
    const port = await servers.sshd();
    const expected = publicOf(newKeyPair("test"));
    const answer = publicOf(servers.host);
    await assert.rejects(waitForSsh(servers.target(port, { hostKey: expected }), 60), (error: Error) => {
      assert.ok(error instanceof HostKeyMismatch);
      assert.ok(
        error.message.startsWith(
          `${HERE} has the host key ${fingerprint(answer)}, but ${fingerprint(expected)} was expected: another machine has its address, or it was reinstalled`,
        ),
        error.message,
      );
      assert.ok(error.message.endsWith(`set its hostKey in encaplab:hosts to "${answer}"`), error.message);
      return true;
    });
  });

  it("accepts any host key when none is known, and returns the one that it found", async () => {
    const port = await servers.sshd();
    const found = await waitForSsh(servers.target(port, { hostKey: undefined }), 1);
    assert.equal(found, publicOf(servers.host));
  });

  it("shows a fingerprint as ssh-keygen does", () => {
    const key = publicOf(newKeyPair("test"));
    const shown = execFileSync("ssh-keygen", ["-l", "-f", "-"], { input: key, encoding: "utf8" });
    assert.equal(fingerprint(key), shown.split(" ")[1]);
  });

  it("says that the key is not accepted", async () => {
    const port = await servers.sshd({ accepted: publicOf(newKeyPair("test")) });
    await assert.rejects(
      waitForSsh(servers.target(port), 1),
      /127\.0\.0\.1 does not accept this key for root/,
    );
  });

  it("says that no key of the agent is accepted, also when there is no agent", async () => {
    const port = await servers.sshd();
    process.env.SSH_AUTH_SOCK = "/nonexistent/agent";
    await assert.rejects(
      waitForSsh(servers.target(port, { privateKey: undefined }), 1),
      /does not accept a key of your SSH agent for root; ssh-add the key/,
    );
  });

  it("goes over a jump host, checks both host keys, and returns the machine's", async () => {
    const host = newKeyPair("test");
    const [jump, behind] = [servers.target(await servers.sshd()), await servers.sshd({ host })];
    const over = servers.target(behind, { jump, hostKey: publicOf(host) });
    assert.equal((await execute(over, "cat", "x")).stdout, "cat: x");
    assert.equal(await waitForSsh({ ...over, hostKey: undefined }, 1), publicOf(host));
    const wrong = publicOf(newKeyPair("test"));
    for (const target of [
      { ...over, hostKey: wrong },
      { ...over, jump: { ...jump, hostKey: wrong } },
    ])
      await assert.rejects(waitForSsh(target, 60), HostKeyMismatch);
  });

  it("gives up at its limit when the machine behind the jump host does not answer", async () => {
    const jump = servers.target(await servers.sshd());
    await assert.rejects(
      waitForSsh(servers.target(22, { host: SILENT, jump }), 1),
      /within 1 seconds: 127\.0\.0\.1 cannot reach 192\.0\.2\.1 on port 22 \(no answer\)/,
    );
  });

  it("says that the jump host cannot reach the machine", async () => {
    const jump = servers.target(await servers.sshd());
    await assert.rejects(
      waitForSsh(servers.target(await closedPort(), { jump }), 1),
      /could not log in to root@127\.0\.0\.1:\d+ over 127\.0\.0\.1 within 1 seconds: 127\.0\.0\.1 cannot reach 127\.0\.0\.1 on port \d+/,
    );
  });
});
