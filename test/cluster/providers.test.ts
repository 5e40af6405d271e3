/** The dynamic providers of a cluster: bootstrap tokens that need no machine, and the reset of machines that freeze. */
import assert from "node:assert/strict";
import { bootstrapTokens, resetHost } from "../../components/cluster/providers";
import { SshServers } from "../support/ssh-server";

describe("the bootstrap tokens", () => {
  const inputs = {
    controlPlane: "cp1",
    target: { host: "192.0.2.1", port: 22, user: "root", privateKey: "none" },
    workers: {},
    cluster: "sha256:00",
  };

  it("are not needed on a single-node cluster, where the control plane is not asked", async () => {
    const { tokens, until } = await bootstrapTokens.create(inputs);
    assert.deepEqual(tokens, {});
    assert.ok(Date.parse(until) > Date.now());
    assert.equal(await bootstrapTokens.changed(inputs, { ...inputs, tokens, until }), false);
  });
});

describe("the reset of a machine, when the lab is taken down", () => {
  let servers: SshServers;
  beforeEach(() => {
    servers = new SshServers();
  });
  afterEach(() => servers.stop());

  const patience = { login: 1, limit: 60_000, keepalive: 100 };
  /** Resets a machine that freezes when `isFrozen` says so. @returns what was said, and the error. */
  async function reset(port: number, isFrozen: () => boolean) {
    const target = servers.target(await servers.freezing(port, isFrozen));
    const said: string[] = [];
    const inputs = { name: "w1", target, podCidr: "10.244.0.0/16" };
    const failure = await resetHost(inputs, patience, (line) => said.push(line)).catch((error) => error);
    return { said, failure };
  }

  it("leaves a machine that is frozen as it is, and says so", async () => {
    const { said, failure } = await reset(await servers.sshd(), () => true);
    assert.equal(failure, undefined);
    assert.match(said.at(-1) ?? "", /^w1: NOT CLEANED, because login failed: .*127\.0\.0\.1 does not answer/);
  });

  it("ends with an error when the machine freezes while it is cleaned, and says what to do", async () => {
    const frozen = { now: false };
    const answer = () => {
      frozen.now = true;
      return { stdout: "", code: 0 };
    };
    const { failure } = await reset(await servers.sshd({ answer }), () => frozen.now);
    assert.match(
      failure.message,
      /^w1 could not be cleaned: .* does not answer any more: the machine is frozen, down or cut off; fix the cause and destroy again/,
    );
  });

  it("cleans a machine that lives", async () => {
    const answer = (command: string) => ({ stdout: "", code: command === "bash -s -- delete" ? 0 : 9 });
    assert.deepEqual(await reset(await servers.sshd({ answer }), () => false), {
      said: [],
      failure: undefined,
    });
  });
});
