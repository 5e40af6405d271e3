/**
 * The engine is killed in the middle of every step, with direct connections and over a jump host. The next `up` or
 * `destroy` must succeed.
 */
import assert from "node:assert/strict";
import { needsContainers } from "../support/containers";
import { hasBegun } from "../support/engine-events";
import { HostsLab } from "../support/hosts";
import { touched } from "../support/lab";
import { onNodes } from "../support/processes";
import { until } from "../support/sandbox";

const NODES = ["cp1", "w1", "w2"];

describe("a cluster whose engine was killed", function () {
  this.timeout(600_000);
  let lab: HostsLab;

  before(async function () {
    needsContainers(this);
    this.timeout(3_600_000); // Kubernetes may have to be built
    lab = await HostsLab.create("killed");
    lab.on(NODES);
  });
  after(() => lab?.end());

  /** Whether a command with this text in its command line runs on a node. */
  const working = (text: string) => () => onNodes(lab.machines.folder).some((line) => line.includes(text));
  const complete = async () => {
    await lab.upWithNodes();
    assert.deepEqual(touched(await lab.up()), []);
  };

  it("is completed after kills during prepare, init and join, one after the other", async () => {
    await lab.killedWhen(working("bash -s -- create"), "group");
    await lab.killedWhen(working("kubeadm init"), "engine");
    await lab.killedWhen(working("kube-apiserver --advertise"), "group");
    await lab.killedAfter("init-cp1", "engine");
    await lab.killedWhen(working("images import"), "group");
    await lab.killedWhen(working("kubeadm join"), "group");
    await lab.killedWhen(working("kubelet --bootstrap-kubeconfig"), "engine");
    await complete();
  });

  it("completes a switch that was killed after the pool had changed", async () => {
    lab.on(NODES, { encapsulation: "VXLAN" });
    const isWorking = working("bash -s -- create");
    await lab.killedWhen(({ events }) => hasBegun(events(), "blocks-cp1") && isWorking(), "group");
    await complete();
    assert.match(lab.machines.on("cp1", "ip route"), /dev vxlan\.calico/);
    assert.doesNotMatch(lab.machines.on("cp1", "ip route"), /via 10\.0\.3\.11 dev eth0/);
    lab.on(NODES);
  });

  it("is destroyed when the API is already dead", async () => {
    lab.machines.on("cp1", "systemctl stop kubelet; pkill -KILL -x kube-apiserver; pkill -KILL -x etcd");
    await lab.destroy();
    assert.deepEqual(lab.changes(...NODES), {});
  });

  it("joins with renewed tokens when they expired before the next up", async () => {
    await lab.killedAfter("bootstrap-tokens", "group");
    await until(() => !working("bash -s -- create")(), 120_000); // what the killed engine left running on the nodes
    await expire();
    await complete();
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

  it("is destroyed when a host is dead, which is reported and skipped", async () => {
    lab.machines.run("kill", "w2");
    const { output } = await lab.destroy();
    assert.match(output, /w2: NOT CLEANED, because login failed/);
    assert.deepEqual(lab.changes("cp1", "w1"), {});
    lab.machines.run("start", "w2");
    await lab.machines.untilBooted("w2");
  });

  it("cleans a machine that an earlier lab could not clean, and leaves all machines unchanged", async () => {
    await lab.killedWhen(working("kubeadm join"), "engine");
    await lab.destroy();
    assert.deepEqual(lab.changes(...NODES), {});
  });

  it("is destroyed after a kill in the middle of init", async () => {
    await lab.killedWhen(working("etcd --advertise"), "group");
    await lab.destroy();
    assert.deepEqual(lab.changes(...NODES), {});
  });
});
