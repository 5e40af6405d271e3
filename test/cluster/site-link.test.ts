/** The sites of a lab on machines: the steps that join them, in which order, and what is secret. */
import assert from "node:assert/strict";
import type * as pulumi from "@pulumi/pulumi";
import { Cluster } from "../../components/cluster";
import { parseConfig } from "../../components/config";
import { Hosts } from "../../components/infrastructure/hosts";
import { planLab } from "../../components/plan";
import { answers, COMMAND } from "../support/cluster";
import { named, ofType, type Recorded, record, resolved } from "../support/mocks";
import { SITES_ON_MACHINES } from "../support/site-configs";

const machines = [
  { name: "cp1", address: "203.0.113.10", nodeAddress: "192.168.1.10", subnet: "office" },
  { name: "w1", address: "203.0.113.11", nodeAddress: "192.168.1.11", subnet: "office" },
  { name: "w2", address: "gateway.example.com", nodeAddress: "172.31.0.10", subnet: "vpc" },
  { name: "w3", address: "198.51.100.11", nodeAddress: "172.31.0.11", subnet: "vpc" },
];
const RAW = {
  ...SITES_ON_MACHINES,
  encapsulation: "VXLAN",
  hosts: { machines, privateKey: "-----BEGIN OPENSSH PRIVATE KEY-----\na private key\n" },
};

function build(link: object = {}) {
  const config = parseConfig({ ...RAW, link });
  const plan = planLab(config);
  return record(
    (options) => {
      const infrastructure = new Hosts("machines", { plan, config: config.hosts ?? {}, prefix: "" }, options);
      return new Cluster("cluster", { plan, infrastructure, prefix: "", psk: config.link?.psk }, options);
    },
    {
      ...answers,
      state: (type, name, inputs) =>
        type.endsWith(":PresharedKey") ? { key: "made" } : (answers.state?.(type, name, inputs) ?? {}),
    },
  );
}
const waitsFor = async ({ opts }: Recorded): Promise<string[]> => {
  const all = [await resolved(opts.dependsOn as pulumi.Input<pulumi.Resource[]>)].flat();
  return Promise.all(all.map(async (one) => (await resolved(one.urn)).split("::").at(-1) ?? ""));
};
const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("two sites on machines", () => {
  it("have strongSwan on both gateways, each with the other's address, and the key as a secret", async () => {
    const { resources } = await build();
    const [one, other] = ["cp1", "w2"].map((name) => named(resources, COMMAND, `site-link-${name}`));
    assert.match(one?.props.stdin, /remote_addrs = gateway\.example\.com\n/);
    assert.match(one?.props.stdin, /id = 192\.168\.1\.10\n[\s\S]*id = 172\.31\.0\.10\n/);
    assert.match(one?.props.stdin, /local_ts = 192\.168\.1\.0\/24\n *remote_ts = 172\.31\.0\.0\/16\n/);
    assert.match(other?.props.stdin, /remote_addrs = 203\.0\.113\.10\n/);
    for (const step of [one, other]) {
      assert.ok(step?.secrets.includes("stdin"));
      assert.ok(step?.props.stdin.includes(`\nPSK='${base64("made")}'\n`));
      assert.match(step?.props.create, /bash -s -- create$/);
      assert.match(step?.props.delete, /bash -s -- delete$/);
    }
    assert.match(one?.props.stdin, /start_action = start/);
    assert.match(other?.props.stdin, /start_action = none/);
  });

  it("take the config's key, cipher and initiator", async () => {
    const link = { psk: "correct horse", initiator: "b", ike: 1, proposals: { esp: "aes256gcm16" } };
    const { resources } = await build(link);
    const { props } = named(resources, COMMAND, "site-link-w2");
    assert.ok(props.stdin.includes(`\nPSK='${base64("correct horse")}'\n`));
    assert.match(props.stdin, /version = 1\n[\s\S]*esp_proposals = aes256gcm16\n *start_action = start/);
    assert.equal(ofType(resources, "pulumi-nodejs:dynamic/encaplab:PresharedKey").length, 0);
  });

  it("are joined by the gateway that only answers first, and the one that starts the tunnel waits for it", async () => {
    const { resources } = await build();
    const step = (name: string) => named(resources, COMMAND, name);
    assert.ok((await waitsFor(step("site-link-cp1"))).includes("site-link-w2"));
    assert.match(step("site-link-cp1").props.stdin, /\nWAIT='1'\n/);
    assert.match(step("site-link-w2").props.stdin, /\nWAIT='0'\n/);
    const reversed = await build({ initiator: "b" });
    const last = named(reversed.resources, COMMAND, "site-link-w2");
    assert.ok((await waitsFor(last)).includes("site-link-cp1"));
    assert.match(last.props.stdin, /\nWAIT='1'\n/);
  });

  it("give every other node a route by its gateway, with the tunnel's MTU", async () => {
    const { resources } = await build();
    const routes = ofType(resources, COMMAND).filter(({ name }) => name.startsWith("site-route-"));
    assert.deepEqual(routes.map(({ name }) => name).sort(), ["site-route-w1", "site-route-w3"]);
    const { props } = named(resources, COMMAND, "site-route-w3");
    for (const value of ["CIDRS='192.168.1.0/24'", "VIA='172.31.0.10'", "MTU='1400'"])
      assert.ok(props.stdin.includes(`\n${value}\n`), value);
  });

  it("are joined after the machines are prepared, and before the cluster that spans them begins", async () => {
    const { resources } = await build();
    const joined = ["site-link-cp1", "site-link-w2", "site-route-w1", "site-route-w3"];
    const first = await waitsFor(named(resources, COMMAND, "init-cp1"));
    for (const name of joined) {
      assert.ok(first.includes(name), name);
      const own = await waitsFor(named(resources, COMMAND, name));
      assert.ok(own.includes(name.replace(/site-(link|route)/, "prepare")), name);
    }
  });

  it("are nothing at all in a lab without sites", async () => {
    const config = parseConfig({ ...RAW, sites: undefined });
    const plan = planLab(config);
    const { resources } = await record((options) => {
      const infrastructure = new Hosts("machines", { plan, config: config.hosts ?? {}, prefix: "" }, options);
      return new Cluster("cluster", { plan, infrastructure, prefix: "" }, options);
    }, answers);
    assert.ok(resources.every(({ name, type }) => !/^site-/.test(name) && !type.endsWith(":PresharedKey")));
  });
});
