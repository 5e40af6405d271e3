/** Machines that are only reached over a jump host, and the error when they cannot be reached. */
import assert from "node:assert/strict";
import { SPEC } from "../support/containers";
import { HostsLab, hindrance, MachinesLab } from "../support/hosts";
import type { RawConfig } from "../support/problems";

const NODES = ["cp1", "w2"];

describe("machines behind a jump host", function () {
  this.timeout(600_000);
  let lab: HostsLab;
  let overJump: RawConfig;

  before(async function () {
    if (hindrance()) return this.skip();
    this.timeout(3_600_000); // Kubernetes may have to be built
    lab = await HostsLab.create("jump", { nodes: SPEC.nodes.filter(({ name }) => NODES.includes(name)) });
    const { nodes } = lab.machines.status();
    // From the jump host's point of view, which is cp1 itself.
    const machines = NODES.map((name) => {
      const { address, subnet } = lab.machines.place(name);
      return { name, address, subnet, hostKey: nodes[name]?.hostKey };
    });
    const jump = { address: "127.0.0.1", port: nodes.cp1?.port, hostKey: nodes.cp1?.hostKey };
    // The only cluster with the reference CNI plugins instead of Calico.
    overJump = { hosts: { machines, jump }, calico: { install: "none" } };
  });
  after(async () => {
    await lab?.pulumi("destroy");
    lab?.clear();
  });

  it("are refused with one sentence when the jump host has a wrong host key", async () => {
    const { nodes } = lab.machines.status();
    const { hosts } = overJump as { hosts: { jump: object } };
    lab.on(NODES, { ...overJump, hosts: { ...hosts, jump: { ...hosts.jump, hostKey: nodes.w2?.hostKey } } });
    const { status, output } = await lab.pulumi("up");
    assert.notEqual(status, 0);
    assert.match(output, /127\.0\.0\.1 has the host key SHA256:\S+, but SHA256:\S+ was expected/);
    await lab.destroy();
  });

  it("become a cluster that a second up does not change, and are clean after a destroy", async () => {
    lab.on(NODES, overJump);
    await lab.up();
    await lab.readKubeconfig();
    await lab.ready(...NODES);
    assert.deepEqual(MachinesLab.touched(await lab.up()), []);
    await lab.destroy();
    for (const name of NODES) assert.deepEqual(lab.changes(name), [], name);
  });
});
