/** The engine killed in the middle of every step, over a direct way and over a jump host: the next `up` or `destroy` ends well. */
import assert from "node:assert/strict";
import { HostsLab, hindrance, MachinesLab } from "../support/hosts";
import { onNodes } from "../support/processes";
import { until } from "../support/realm";

const NODES = ["cp1", "w1", "w2"];

/** `group`: as Ctrl-\ in a terminal or a CI job's end does. `engine`: its plug-ins live on for a while, as orphans. */
type Victim = "group" | "engine";

describe("an engine that is killed while it makes a cluster", function () {
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

  /** At work on a node, by a part of its command line. */
  const working = (text: string) => () => onNodes(lab.machines.folder).some((line) => line.includes(text));
  /** Recorded by the engine, by the resource's name. */
  const made = (name: string) => () => lab.hasMade(name);

  /** Starts `up` and kills it as soon as something is so. */
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

  it("goes on after prepare, init and join were cut off one after the other", async () => {
    await killedWhen(working("bash -s -- create"), "group");
    await killedWhen(working("kubeadm init"), "engine");
    await killedWhen(working("kube-apiserver --advertise"), "group");
    await killedWhen(made("init-cp1"), "engine");
    await killedWhen(working("images import"), "group");
    await killedWhen(working("kubeadm join"), "group");
    await killedWhen(working("kubelet --bootstrap-kubeconfig"), "engine");
    await complete();
  });

  it("finishes a switch that was cut off after the pool had changed", async () => {
    lab.on(NODES, { encapsulation: "VXLAN" });
    await killedWhen(made("default-ipv4-ippool"), "group");
    await complete();
    assert.match(lab.machines.on("cp1", "ip route"), /dev vxlan\.calico/);
    assert.doesNotMatch(lab.machines.on("cp1", "ip route"), /via 10\.0\.3\.11 dev eth0/);
    lab.on(NODES);
  });

  it("is taken down where the API died before", async () => {
    lab.machines.on("cp1", "systemctl stop kubelet; pkill -KILL -x kube-apiserver; pkill -KILL -x etcd");
    await lab.destroy();
    clean(...NODES);
  });

  it("joins with new minutes for the tokens where they ran out before the next up", async () => {
    await killedWhen(made("admission"), "group");
    await until(() => !working("bash -s -- create")(), 120_000); // what the engine left at work on the nodes
    await expire();
    await complete();
  });

  /** As if a quarter of an hour had gone by: no token is good any more, and no worker is in. */
  async function expire(): Promise<void> {
    // Its usual place of keeping things would be found on the machine afterwards.
    const config = "--kubeconfig /etc/kubernetes/admin.conf --cache-dir /run/kube-cache";
    const tokens = "--field-selector type=bootstrap.kubernetes.io/token";
    lab.machines.on(
      "cp1",
      `kubectl ${config} -n kube-system delete secrets ${tokens}; kubectl ${config} delete nodes w1 w2 --ignore-not-found`,
    );
    await lab.editState(({ urn, outputs }) => {
      if (urn.endsWith("::admission")) outputs.until = new Date(Date.now() - 1000).toISOString();
    });
  }

  it("is taken down where a host died before, which is said and left alone", async () => {
    lab.machines.run("kill", "w2");
    const { output } = await lab.destroy();
    assert.match(output, /w2: NOT CLEANED, since nobody can log in there/);
    clean("cp1", "w1");
    lab.machines.run("start", "w2");
    await lab.machines.ready("w2", "systemctl is-system-running --wait; true");
  });

  it("takes back a machine that an earlier lab could not clean, and leaves all as they were", async () => {
    await killedWhen(working("kubeadm join"), "engine");
    await lab.destroy();
    clean(...NODES);
  });

  it("is taken down where it was killed in the middle of init", async () => {
    await killedWhen(working("etcd --advertise"), "group");
    await lab.destroy();
    clean(...NODES);
  });
});
