/** More moments at which the engine is killed: in init, the import of images and join, and while workers wait for tokens. */
import assert from "node:assert/strict";
import type { HostsLab } from "../support/hosts";
import { KilledCluster, NODES } from "../support/killed-cluster";
import { until } from "../support/sandbox";

describe("a cluster whose engine was killed at other moments", function () {
  this.timeout(600_000);
  let cluster: KilledCluster;
  let lab: HostsLab;

  before(async function () {
    cluster = await KilledCluster.make(this);
    lab = cluster.lab;
  });
  after(() => lab?.end());

  it("is completed after more kills during init and join, one after the other", async () => {
    await lab.killedWhen(cluster.working("kubeadm init"), "engine");
    await lab.killedAfter("init-cp1", "engine");
    await lab.killedWhen(cluster.working("images import"), "group");
    await lab.killedWhen(cluster.working("kubelet --bootstrap-kubeconfig"), "engine");
    await cluster.complete();
    await lab.destroy();
    assert.deepEqual(lab.changes(...NODES), {});
  });

  it("is destroyed after a kill in the middle of init", async () => {
    await lab.killedWhen(cluster.working("etcd --advertise"), "group");
    await lab.destroy();
    assert.deepEqual(lab.changes(...NODES), {});
  });

  it("joins with renewed tokens when they expired before the next up", async () => {
    await lab.killedAfter("bootstrap-tokens", "group");
    await until(() => !cluster.working("bash -s -- create")(), 120_000); // what the killed engine left running on the nodes
    await expire();
    await cluster.complete();
  });

  /** As if fifteen minutes had passed: no token is valid any more, and no worker has joined. */
  async function expire(): Promise<void> {
    // kubectl's default cache folder would be left on the machine.
    const config = "--kubeconfig /etc/kubernetes/admin.conf --cache-dir /run/kube-cache";
    const tokens = "--field-selector type=bootstrap.kubernetes.io/token";
    lab.machines.on(
      "cp1",
      `kubectl ${config} -n kube-system delete secrets ${tokens}; kubectl ${config} delete nodes w1 w2 --ignore-not-found`,
    );
    await lab.editState(({ urn, outputs }) => {
      if (urn.endsWith("::bootstrap-tokens")) outputs.until = new Date(Date.now() - 1000).toISOString();
    });
  }
});
