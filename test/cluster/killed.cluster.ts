/** The engine is killed in the middle of every step. The next `up` or `destroy` must succeed. */
import assert from "node:assert/strict";
import { hasBegun } from "../support/engine-events";
import type { HostsLab } from "../support/hosts";
import { KilledCluster, NODES } from "../support/killed-cluster";

describe("a cluster whose engine was killed", function () {
  this.timeout(600_000);
  let cluster: KilledCluster;
  let lab: HostsLab;

  before(async function () {
    cluster = await KilledCluster.make(this);
    lab = cluster.lab;
  });
  after(() => lab?.end());

  it("is completed after kills during prepare, init and join, one after the other", async () => {
    await lab.killedWhen(cluster.working("bash -s -- create"), "group");
    await lab.killedWhen(cluster.working("kube-apiserver --advertise"), "group");
    await lab.killedWhen(cluster.working("kubeadm join"), "group");
    await cluster.complete();
  });

  it("completes a switch that was killed after the pool had changed", async () => {
    lab.on(NODES, { encapsulation: "VXLAN" });
    const isWorking = cluster.working("bash -s -- create");
    await lab.killedWhen(({ events }) => hasBegun(events(), "blocks-cp1") && isWorking(), "group");
    await cluster.complete();
    assert.match(lab.machines.on("cp1", "ip route"), /dev vxlan\.calico/);
    assert.doesNotMatch(lab.machines.on("cp1", "ip route"), /via 10\.0\.3\.11 dev eth0/);
    lab.on(NODES);
  });

  it("is destroyed when a host is dead, which is reported and skipped", async () => {
    lab.machines.run("kill", "w2");
    const { output } = await lab.destroy();
    assert.match(output, /w2: NOT CLEANED, because login failed/);
    assert.deepEqual(lab.changes("cp1", "w1"), {});
    lab.machines.run("start", "w2");
    await lab.machines.untilBooted("w2");
  });

  it("is destroyed when the API is already dead, and cleans a machine that an earlier lab could not clean", async () => {
    await lab.killedWhen(cluster.working("kubeadm join"), "engine");
    lab.machines.on("cp1", "systemctl stop kubelet; pkill -KILL -x kube-apiserver; pkill -KILL -x etcd");
    await lab.destroy();
    assert.deepEqual(lab.changes(...NODES), {});
  });
});
