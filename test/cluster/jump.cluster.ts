/** Machines that are only reached over a jump host, and the error when they cannot be reached. */
import assert from "node:assert/strict";
import { needsContainers, SPEC } from "../support/containers";
import { HostsLab } from "../support/hosts";
import { touched } from "../support/lab";
import type { RawConfig } from "../support/problems";

const NODES = ["cp1", "w2"];

describe("machines behind a jump host", function () {
  this.timeout(600_000);
  let lab: HostsLab;
  let overJump: RawConfig;

  before(async function () {
    needsContainers(this);
    this.timeout(3_600_000); // Kubernetes may have to be built
    lab = await HostsLab.create("jump", { nodes: SPEC.nodes.filter(({ name }) => NODES.includes(name)) });
    const { nodes } = lab.machines.status();
    // From the jump host's point of view, which is cp1 itself.
    const machines = NODES.map((name) => {
      const { address, subnet } = lab.machines.locate(name);
      return { name, address, subnet, hostKey: nodes[name]?.hostKey };
    });
    const jump = { address: "127.0.0.1", port: nodes.cp1?.port, hostKey: nodes.cp1?.hostKey };
    // The only cluster with the reference CNI plugins instead of Calico.
    overJump = { hosts: { machines, jump }, calico: { install: "none" } };
  });
  after(() => lab?.end());

  it("are refused with one sentence when the jump host has a wrong host key", async () => {
    const { nodes } = lab.machines.status();
    const { hosts } = overJump as { hosts: { jump: object } };
    lab.on(NODES, { ...overJump, hosts: { ...hosts, jump: { ...hosts.jump, hostKey: nodes.w2?.hostKey } } });
    assert.match(
      await lab.refused(),
      /127\.0\.0\.1 has the host key SHA256:\S+, but SHA256:\S+ was expected/,
    );
    await lab.destroy();
  });

  it("become a cluster that a second up does not change, and are clean after a destroy", async () => {
    lab.on(NODES, overJump);
    await lab.upWithNodes();
    assert.deepEqual(touched(await lab.up()), []);
    await lab.destroy();
    assert.deepEqual(lab.changes(...NODES), {});
  });
});
