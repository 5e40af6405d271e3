/** A config that a living cluster cannot take: it is built anew on the same machines. */
import assert from "node:assert/strict";
import { needsContainers } from "../support/containers";
import { HostsLab } from "../support/hosts";
import { touched } from "../support/lab";

const NODES = ["cp1", "w1", "w2"];

describe("a cluster on existing machines that gets another proxy mode", function () {
  this.timeout(600_000);
  let lab: HostsLab;

  before(async function () {
    needsContainers(this);
    this.timeout(3_600_000); // Kubernetes and Calico may have to be built
    lab = await HostsLab.create("rebuild", { routes: [] });
    lab.on(NODES);
    await lab.up();
    await lab.readKubeconfig();
    await lab.ready(...NODES);
  });
  after(() => lab?.end());

  it("is built anew on the same machines, with another authority", async () => {
    const before = await lab.secretOutput("kubeconfig");
    lab.on(NODES, { proxyMode: "nftables" });
    await lab.up();
    await lab.readKubeconfig();
    assert.notEqual(await lab.secretOutput("kubeconfig"), before);
    await lab.ready(...NODES);
    lab.assertNftables(NODES);
    assert.deepEqual(touched(await lab.up()), []);
  });

  it("is observed with kube-proxy's nftables, Services included, as predicted", async () => {
    const { disagreements, rows } = await lab.observe();
    assert.deepEqual(disagreements, []);
    assert.ok(rows.some(({ path, observed }) => path === "pod-to-service" && observed === "works"));
  });

  it("leaves the machines unchanged after a destroy", async () => {
    await lab.destroy();
    assert.deepEqual(lab.changes(...NODES), {});
  });
});
