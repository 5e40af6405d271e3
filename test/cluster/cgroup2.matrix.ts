/**
 * A cluster in node containers on a machine as most users have it: control groups v2, and Debian's kernel. It runs in QEMU,
 * where everything takes some twenty times as long: without Calico, which with Kubernetes wants more than two emulated
 * processors, so that probes fail for want of time.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { build } from "../support/cluster-build";
import { needsContainers } from "../support/containers";
import { MachinesLab } from "../support/machines-lab";
import { inPod, makePod } from "../support/pods";
import { REPOSITORY } from "../support/repository";
import { skip } from "../support/skip";
import { onEc2 } from "../support/smaller-lab";
import { standIns } from "../support/standins";

const NODES = ["cp1", "w2"];

const hasVersion2 = () => fs.existsSync("/sys/fs/cgroup/cgroup.controllers");

/** Boots the machine, which runs this file. */
function runInMachine(): void {
  it("makes a cluster whose pods reach each other", async function () {
    needsContainers(this);
    if (process.arch !== "x64") skip(this, "the machine is for x86-64 only");
    if (hasVersion2()) skip(this, "this machine has control groups v2 itself, and so has every cluster test");
    build("layer");
    build("calico"); // its versions stand in the config
    await standIns();
    const mocha = ["node_modules/.bin/mocha", path.relative(REPOSITORY, __filename)];
    const machine = spawn("bash", ["test/cluster/machine/run", ...mocha], {
      cwd: REPOSITORY,
      stdio: ["ignore", "inherit", "inherit"],
    });
    const [code] = await once(machine, "exit");
    assert.equal(code, 0, "the tests in the machine failed; their output is above");
  });
}

/** What runs in the machine. */
function makeCluster(): void {
  let lab: MachinesLab;
  after(() => lab?.end());

  it("are the machines of a cluster", async () => {
    assert.ok(hasVersion2());
    assert.equal(fs.existsSync("/proc/config.gz"), false);
    lab = await MachinesLab.init("cgroup2");
    lab.configure(
      onEc2(["w2"], {
        encapsulation: "None",
        podRoutes: "static",
        calico: { install: "none" },
        topology: NODES.map((name, i) => ({ name, cidr: `10.0.${i}.0/24`, nodes: [name] })),
      }),
    );
    await lab.upWithNodes();
  });

  it("have pods that reach each other, with kubelet's limits", async () => {
    // Nodes may be ready before the account without which no pod can be made.
    await lab.kubectl(["wait", "--for=create", "--timeout=600s", "serviceaccount/default"]);
    for (const name of NODES) await makePod(lab, name, "64Mi");
    await lab.kubectl(["wait", "--for=condition=Ready", "--timeout=1800s", "pods", "--all"]);
    const address = "jsonpath={.status.podIP}";
    const [, other = ""] = await Promise.all(
      NODES.map((name) => lab.kubectl(["get", "pod", name, "-o", address])),
    );
    assert.match(await inPod(lab, { name: "cp1" }, `ping -c3 -W30 ${other}`), /3 received/);
    assert.equal(await inPod(lab, { name: "cp1" }, "cat /sys/fs/cgroup/memory.max"), `${64 * 2 ** 20}`);
  });
}

const inMachine = process.env.ENCAPLAB_MACHINE === "1";
describe(inMachine ? "node containers on control groups v2" : "a machine with Debian's kernel", function () {
  this.timeout(3_600_000);
  if (inMachine) makeCluster();
  else runInMachine();
});
