/** The host keys of existing machines: recorded at the first login, and no other accepted later. */
import assert from "node:assert/strict";
import { parseConfig } from "../../../components/config";
import { createHosts } from "../../../components/infrastructure/hosts";
import { hostKey } from "../../../components/infrastructure/hosts/providers";
import { planLab } from "../../../components/plan";
import { fingerprint, HostKeyMismatch, newKeyPair } from "../../../components/remote";
import { named, ofType, record, resolved } from "../../support/mocks";
import { publicOf, SshServers } from "../../support/ssh-server";

const HOST_KEY = "pulumi-nodejs:dynamic/encaplab:HostKey";
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHkun8";
const NODES = [
  { name: "cp1", address: "10.0.3.10", subnet: "10.0.3.0/24" },
  { name: "w1", address: "10.0.3.11", subnet: "10.0.3.0/24", hostKey: KEY },
];
const JUMP = { jump: { address: "bastion.example.org" }, api: { address: "127.0.0.1" } };

const build = (raw: Record<string, unknown> = {}, prefix = "") => {
  const privateKey = "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n";
  const config = parseConfig({ cloud: "hosts", hosts: { machines: NODES, privateKey, ...raw } });
  return record((options) => createHosts("lab", { plan: planLab(config), config, prefix }, options), {
    state: (_type, name) => ({ hostKey: `key of ${name}` }),
  });
};

describe("the host key of an existing machine", () => {
  it("is recorded only if the config does not name it, before anything else logs in", async () => {
    const { result, resources } = await build();
    assert.deepEqual(
      ofType(resources, HOST_KEY).map(({ name }) => name),
      ["host-key-cp1"],
    );
    const [cp1, w1] = result.nodes;
    assert.equal(await resolved(cp1?.connection.hostKey), "key of host-key-cp1");
    assert.equal(await resolved(w1?.connection.hostKey), KEY);
  });

  it("is also recorded for the jump host, first, because the machines are reached over it", async () => {
    const { result, resources } = await build(JUMP);
    assert.deepEqual(
      ofType(resources, HOST_KEY).map(({ name, props }) => [name, props.machine]),
      [
        ["jump-host-key", "bastion.example.org:22"],
        ["host-key-cp1", "10.0.3.10:22 over bastion.example.org:22"],
      ],
    );
    const { target } = named(resources, HOST_KEY, "host-key-cp1").props;
    assert.equal(target.jump.hostKey, "key of jump-host-key");
    assert.equal(target.hostKey, undefined);
    assert.equal(await resolved(result.nodes[1]?.connection.jump?.hostKey), "key of jump-host-key");
  });

  it("is a child of the component, with the prefix, and its login is secret", async () => {
    const { resources } = await build(JUMP, "study-");
    for (const { name, opts, secrets } of ofType(resources, HOST_KEY)) {
      assert.match(name, /^study-/);
      assert.equal(opts.parent, resources[0]?.resource);
      assert.deepEqual(secrets, ["target"]);
    }
  });
});

describe("the record of a host key", () => {
  let servers: SshServers;
  let port: number;
  const said: string[] = [];
  const { write } = process.stderr;
  beforeEach(async () => {
    servers = new SshServers();
    port = await servers.sshd();
    said.length = 0;
    process.stderr.write = (chunk: unknown) => said.push(`${chunk}`) > 0;
  });
  afterEach(() => {
    process.stderr.write = write;
    servers.stop();
  });
  const inputs = () => ({
    name: "w1",
    machine: `127.0.0.1:${port}`,
    target: servers.target(port, { hostKey: undefined }),
  });

  it("is the key of the first login, and its fingerprint is said", async () => {
    const recorded = await hostKey.create(inputs());
    assert.deepEqual(recorded, { hostKey: publicOf(servers.host) });
    const sentence = said.join("");
    assert.ok(sentence.includes(`ssh-ed25519 ${fingerprint(recorded.hostKey)}, is recorded`), sentence);
    assert.match(sentence, /^w1: the config names no hostKey for 127\.0\.0\.1/);
  });

  it("stays as it is when only the login changes, and is made anew for another address", async () => {
    const recorded = { ...inputs(), ...(await hostKey.create(inputs())) };
    const other = { ...inputs(), target: { ...inputs().target, user: "ubuntu" } };
    assert.equal(await hostKey.changed(other, recorded), false);
    const host = newKeyPair("test");
    const moved = await servers.sshd({ host });
    const there = {
      ...inputs(),
      machine: `127.0.0.1:${moved}`,
      target: servers.target(moved, { hostKey: undefined }),
    };
    assert.equal(await hostKey.changed(there, recorded), true);
    assert.deepEqual(await hostKey.update(there, recorded), { hostKey: publicOf(host) });
  });

  it("refuses another key at the next up, before any step logs in", async () => {
    const recorded = { ...inputs(), ...(await hostKey.create(inputs())) };
    servers.stop();
    const host = newKeyPair("test");
    await servers.sshd({ host, port });
    await assert.rejects(
      async () => hostKey.changed(inputs(), recorded),
      (error: Error) => {
        assert.ok(error instanceof HostKeyMismatch);
        for (const text of [fingerprint(recorded.hostKey), fingerprint(publicOf(host)), publicOf(host)])
          assert.ok(error.message.includes(text), error.message);
        return true;
      },
    );
  });

  it("does not keep a preview from working when the machine is silent or refuses the login", async () => {
    const recorded = { ...inputs(), ...(await hostKey.create(inputs())) };
    const stranger = { ...inputs().target, privateKey: newKeyPair("test").privateKey };
    assert.equal(await hostKey.changed({ ...inputs(), target: stranger }, recorded), false);
    servers.stop();
    assert.equal(await hostKey.changed(inputs(), recorded), false);
  });
});
