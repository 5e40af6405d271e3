/**
 * The engine is killed in the middle of every step, with direct connections and over a jump host. The next `up` or
 * `destroy` must succeed.
 */
import assert from "node:assert/strict";
import { HostsLab, hindrance, MachinesLab } from "../support/hosts";
import { onNodes } from "../support/processes";
import { until } from "../support/sandbox";

const NODES = ["cp1", "w1", "w2"];

/**
 * `group`: as with Ctrl-\ in a terminal, or at the end of a CI job. `engine`: its plug-ins keep running for a while, as
 * orphans.
 */
type Victim = "group" | "engine";

describe("a cluster whose engine was killed", function () {
  this.timeout(600_000);
  let lab: HostsLab;

  before(async function () {
    if (hindrance()) return this.skip();
    this.timeout(3_600_000); // Kubernetes may have to be built
    lab = await HostsLab.create("killed");
    lab.on(NODES);
  });
  after(async () => {
    await lab?.pulumi("destroy");
    lab?.clear();
  });

  /** Whether a command with this text in its command line runs on a node. */
  const working = (text: string) => () => onNodes(lab.machines.folder).some((line) => line.includes(text));
  /** Whether the engine has recorded the resource of this name. */
  const made = (name: string) => () => lab.hasMade(name);

  /** Starts `up` and kills it as soon as `moment` returns true. */
  async function killedWhen(moment: () => boolean, victim: Victim): Promise<void> {
    const { ended, running, kill } = lab.begin();
    try {
      await until(() => !running() || moment(), 240_000);
      assert.ok(running(), "the engine ended before its moment");
    } finally {
      kill(victim === "group");
      await ended;
      await lab.cancel();
    }
  }

  const complete = async () => {
    await lab.up();
    await lab.readKubeconfig();
    await lab.ready(...NODES);
    assert.deepEqual(MachinesLab.touched(await lab.up()), []);
  };
  const clean = (...names: string[]) => {
    for (const name of names) assert.deepEqual(lab.changes(name), [], name);
  };

  it("is completed after kills during prepare, init and join, one after the other", async () => {
    await killedWhen(working("bash -s -- create"), "group");
    await killedWhen(working("kubeadm init"), "engine");
    await killedWhen(working("kube-apiserver --advertise"), "group");
    await killedWhen(made("init-cp1"), "engine");
    await killedWhen(working("images import"), "group");
    await killedWhen(working("kubeadm join"), "group");
    await killedWhen(working("kubelet --bootstrap-kubeconfig"), "engine");
    await complete();
  });

  it("completes a switch that was killed after the pool had changed", async () => {
    lab.on(NODES, { encapsulation: "VXLAN" });
    const waiting = () => lab.hasBegun("blocks-cp1") && working("bash -s -- create")();
    await killedWhen(waiting, "group");
    await complete();
    assert.match(lab.machines.on("cp1", "ip route"), /dev vxlan\.calico/);
    assert.doesNotMatch(lab.machines.on("cp1", "ip route"), /via 10\.0\.3\.11 dev eth0/);
    lab.on(NODES);
  });

  it("is destroyed when the API is already dead", async () => {
    lab.machines.on("cp1", "systemctl stop kubelet; pkill -KILL -x kube-apiserver; pkill -KILL -x etcd");
    await lab.destroy();
    clean(...NODES);
  });

  it("joins with renewed tokens when they expired before the next up", async () => {
    await killedWhen(made("bootstrapTokens"), "group");
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
      if (urn.endsWith("::bootstrapTokens")) outputs.until = new Date(Date.now() - 1000).toISOString();
    });
  }

  it("is destroyed when a host is dead, which is reported and skipped", async () => {
    lab.machines.run("kill", "w2");
    const { output } = await lab.destroy();
    assert.match(output, /w2: NOT CLEANED, because login failed/);
    clean("cp1", "w1");
    lab.machines.run("start", "w2");
    await lab.machines.ready("w2", "systemctl is-system-running --wait; true");
  });

  it("cleans a machine that an earlier lab could not clean, and leaves all machines unchanged", async () => {
    await killedWhen(working("kubeadm join"), "engine");
    await lab.destroy();
    clean(...NODES);
  });

  it("is destroyed after a kill in the middle of init", async () => {
    await killedWhen(working("etcd --advertise"), "group");
    await lab.destroy();
    clean(...NODES);
  });
});
