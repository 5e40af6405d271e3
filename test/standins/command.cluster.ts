/** The command plug-in, or its stand-in if the real one is not available, with a real sshd. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { processes } from "../support/processes";
import { until } from "../support/sandbox";
import { freePort, Sshd } from "../support/sshd";
import { succeeds, TestStack } from "../support/standin-stack";

describe("the command plug-in", function () {
  this.timeout(120_000);
  let sshd: Sshd;
  let jump: Sshd;
  let stack: TestStack;
  /** The file to which the commands write lines. */
  let log: string;
  const lines = () => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : []);

  before(async () => {
    sshd = await new Sshd(await freePort()).start();
    jump = await new Sshd(await freePort()).start();
    stack = await TestStack.create("command");
    log = join(stack.root, "log");
  });
  after(() => {
    stack?.remove();
    sshd.stop();
    jump.stop();
  });
  afterEach(async () => {
    await succeeds(stack.destroy());
    rmSync(log, { force: true });
  });

  type Args = Partial<command.remote.CommandArgs>;
  const remote = (args: Args) => async () => {
    const made = new command.remote.Command("step", { connection: sshd.connection, ...args });
    return { stdout: made.stdout, stderr: made.stderr };
  };
  const logging = (extra: Args = {}): Args => ({
    create: `echo create >> ${log}; echo created`,
    update: `echo "update after $PULUMI_COMMAND_STDOUT" >> ${log}; echo updated`,
    delete: `echo "delete after $PULUMI_COMMAND_STDOUT" >> ${log}`,
    triggers: [1],
    ...extra,
  });
  it("says that it is a stand-in, passes stdin and environment, and returns stdout and stderr", async () => {
    const args = {
      create: "cat; echo $LAB_NAME; echo warn >&2",
      stdin: "from stdin\n",
      environment: { LAB_NAME: "x" },
    };
    const { outputs, output } = await succeeds(stack.up(remote(args)));
    assert.deepEqual(outputs, { stdout: "from stdin\nx", stderr: "warn" });
    assert.match(output, /stand-in: this is not Pulumi's command plug-in v1\.2\.1/);
  });

  it("runs a command once, updates in place, replaces only by triggers, and deletes with the previous output", async () => {
    await succeeds(stack.up(remote(logging())));
    assert.deepEqual((await succeeds(stack.up(remote(logging())))).ops, [["step", "same"]]);
    const updated = await succeeds(stack.up(remote(logging({ stdin: "other" }))));
    assert.deepEqual(updated.ops, [["step", "update"]]);
    assert.equal(updated.outputs.stdout, "updated");
    const replaced = await succeeds(stack.up(remote(logging({ stdin: "other", triggers: [2] }))));
    assert.ok(
      replaced.ops.some(([, op]) => op === "create-replacement"),
      JSON.stringify(replaced.ops),
    );
    await succeeds(stack.destroy());
    assert.deepEqual(lines().sort(), [
      "create",
      "create",
      "delete after created",
      "delete after updated",
      "update after created",
    ]);
  });

  it("runs a command again when only the connection changed, and runs create if there is no update", async () => {
    const args = logging({ update: undefined });
    await succeeds(stack.up(remote(args)));
    const again = remote({ ...args, connection: { ...sshd.connection, dialErrorLimit: 3 } });
    assert.deepEqual((await succeeds(stack.up(again))).ops, [["step", "update"]]);
    assert.deepEqual(lines(), ["create", "create"]);
  });

  it("does not run a command in a preview", async () => {
    await succeeds(stack.preview(remote(logging())));
    assert.deepEqual(lines(), []);
  });

  it("fails with the command and its output, and shows only the output that logging allows", async () => {
    const failing = await stack.up(remote({ create: "echo one; echo two >&2; exit 3", logging: "none" }));
    assert.ok(failing.failed);
    // Standard output and standard error are two streams of SSH: their order is not certain.
    assert.match(
      failing.output,
      /stand-in: Process exited with status 3: running "echo one; echo two >&2; exit 3":\s+(one\s+two|two\s+one)/,
    );
    const quiet = await succeeds(
      stack.up(remote({ create: "echo visible-$((1+1)); echo hidden-$((1+1)) >&2", logging: "stdout" })),
    );
    assert.match(quiet.output, /visible-2/);
    assert.doesNotMatch(quiet.output.replace(/Outputs:.*/s, ""), /hidden-2/);
  });

  it("keeps the key, a secret input, and an output that is declared as secret", async () => {
    const program = async () => {
      const args = { connection: sshd.connection, create: "cat", stdin: pulumi.secret("the-secret") };
      const options = { additionalSecretOutputs: ["stdout"] };
      return { stdout: new command.remote.Command("step", { ...args, logging: "none" }, options).stdout };
    };
    const { output } = await succeeds(stack.up(program));
    const state = stack.checkpoint();
    for (const secret of ["the-secret", "OPENSSH PRIVATE KEY"]) {
      assert.ok(!output.includes(secret), `${secret} in the output`);
      assert.ok(!state.includes(secret), `${secret} in the state`);
    }
  });

  it("like the real plug-in, does not make an output secret by itself", async () => {
    const stdin = pulumi.secret("the-secret");
    const { outputs } = await succeeds(stack.up(remote({ create: "cat", stdin, logging: "none" })));
    assert.equal(outputs.stdout, "the-secret");
    assert.match(stack.checkpoint(), /"stdout": ?"the-secret"/);
  });

  it("connects through a proxy, and only to a host with the known key", async () => {
    const proxy = jump.connection;
    const { outputs } = await succeeds(
      stack.up(
        remote({ create: "echo $SSH_CONNECTION | cut -d' ' -f4", connection: { ...sshd.connection, proxy } }),
      ),
    );
    assert.equal(outputs.stdout, String(sshd.port));
    await until(() => jump.logins > 0);
    await succeeds(stack.destroy());
    const connection = { ...sshd.connection, hostKey: jump.hostKey, dialErrorLimit: 1 };
    const refused = await stack.up(remote({ create: "true", connection }));
    assert.match(
      refused.output,
      /stand-in: after 1 failed attempts: ssh: handshake failed: ssh: host key mismatch/,
    );
  });

  it("dials again and again until the machine is up", async () => {
    const late = new Sshd(await freePort());
    try {
      const running = stack.up(
        remote({ create: "echo there", connection: { ...late.connection, dialErrorLimit: -1 } }),
      );
      await late.start();
      assert.equal((await succeeds(running)).outputs.stdout, "there");
    } finally {
      await stack.destroy();
      late.stop();
    }
  });

  it("does not outlive an engine that was killed", async () => {
    const beats = join(stack.root, "beats");
    const create = `while :; do echo beat >> ${beats}; sleep 0.05; done`;
    const running = stack.up(async () => {
      new command.local.Command("step", { create });
    });
    await until(() => existsSync(beats), 30_000);
    for (const pid of engines()) process.kill(pid, "SIGKILL");
    assert.ok((await running).failed);
    await until(() => plugins(stack.root).length === 0);
    rmSync(beats);
    await until(() => !existsSync(beats));
    await stack.cancel();
    assert.ok(!existsSync(beats), "the command is still running");
  });
});

/** The engines that this process has started. */
const engines = () =>
  processes()
    .filter(({ parent, name }) => parent === process.pid && name === "pulumi")
    .map(({ pid }) => pid);

/** The plug-ins of the stack with this folder, and the processes that they have started. */
const plugins = (folder: string) =>
  processes().filter(
    ({ name, environment }) => environment.includes(folder) && /^(pulumi-resource|sh$|sleep$)/.test(name),
  );
