/** The recorded host key in a real stack: with the engine, a real sshd, and the command plug-in or its stand-in. */
import assert from "node:assert/strict";
import * as command from "@pulumi/command";
import { parseConfig } from "../../../components/config";
import type { Connection } from "../../../components/infrastructure";
import { createHosts } from "../../../components/infrastructure/hosts";
import { planLab } from "../../../components/plan";
import { freePort, Sshd } from "../../support/sshd";
import { type Outcome, TestStack } from "../../support/standin-stack";

describe("a stack that was built before host keys were recorded", function () {
  this.timeout(180_000);
  let sshd: Sshd;
  let stack: TestStack;
  before(async () => {
    sshd = await new Sshd(await freePort()).start();
    stack = await TestStack.create("host-key");
    await succeeds(stack.up(async () => steps({ host: "127.0.0.1", port: sshd.port })));
  });
  after(async () => {
    await stack?.destroy();
    stack?.remove();
    sshd?.stop();
  });

  /** Two steps, as a cluster has them: the second is replaced when the result of the first changes. */
  const steps = ({ host, port, hostKey }: Pick<Connection, "host" | "port" | "hostKey">) => {
    const { privateKey } = sshd.connection;
    const connection = { host, port, privateKey, hostKey } as command.types.input.remote.ConnectionArgs;
    const args = { connection, create: "echo out", addPreviousOutputInEnv: false };
    const init = new command.remote.Command("init", args);
    new command.remote.Command("join", { ...args, triggers: [init.stdout] });
  };

  const now = async () => {
    const machine = { name: "cp1", address: "127.0.0.1", port: sshd.port, nodeAddress: "10.0.3.10" };
    const hosts = {
      privateKey: sshd.connection.privateKey,
      machines: [{ ...machine, subnet: "10.0.3.0/24" }],
    };
    const config = parseConfig({ cloud: "hosts", hosts });
    const { nodes } = createHosts("lab", { plan: planLab(config), config, prefix: "" });
    const [cp1] = nodes;
    if (cp1) steps(cp1.connection);
    return { hostKey: cp1?.connection.hostKey };
  };

  const succeeds = async (running: Promise<Outcome>): Promise<Outcome> => {
    const outcome = await running;
    assert.equal(outcome.failed, false, outcome.output);
    return outcome;
  };
  const opsOf = ({ ops }: Outcome) => Object.fromEntries(ops.filter(([name]) => name !== "lab"));

  it("is not replaced: a preview shows only the record, and the up runs the steps again with the key", async () => {
    const preview = await succeeds(stack.preview(now));
    assert.deepEqual(opsOf(preview), { "host-key-cp1": "create", init: "same", join: "same" });
    const up = await succeeds(stack.up(now));
    assert.deepEqual(opsOf(up), { "host-key-cp1": "create", init: "update", join: "update" });
    assert.equal(up.outputs.hostKey, sshd.hostKey.split(" ").slice(0, 2).join(" "));
    assert.match(up.output, /cp1: the config names no hostKey for 127\.0\.0\.1/);
    const again = await succeeds(stack.up(now));
    assert.deepEqual(opsOf(again), { "host-key-cp1": "same", init: "same", join: "same" });
  });

  it("refuses a machine with another key, and runs no step on it", async () => {
    const { port } = sshd;
    sshd.stop();
    sshd = await new Sshd(port).start();
    const refused = await stack.up(now);
    assert.ok(refused.failed);
    assert.match(refused.output, /127\.0\.0\.1 has the host key SHA256:\S+, but SHA256:\S+ was expected/);
    assert.deepEqual(Object.keys(opsOf(refused)), []);
    assert.equal(sshd.logins, 0);
  });
});
