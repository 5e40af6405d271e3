/** Runs inside the machine: `cgroup2.matrix.ts` starts it there. Everything takes some twenty times as long. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { MachinesLab } from "../../support/machines-lab";
import { disagreements, startPods } from "../../support/pods";
import { onEc2 } from "../../support/smaller-lab";

/**
 * kubeadm gives a control plane four minutes, and an emulated machine may need them for Calico's images, which come at the
 * same time: the next up goes on with the images that are there.
 */
async function untilUp(lab: MachinesLab): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await lab.up();
      return;
    } catch (error) {
      console.log(`up ${attempt}: ${(error as Error).message}`);
      if (attempt === 3) throw error;
    }
  }
}

describe("a cluster of node containers on control groups v2", function () {
  this.timeout(3_600_000);
  let lab: MachinesLab;
  after(() => lab?.end());

  it("is made by an up, with IP in IP by the kernel's own driver", async () => {
    assert.ok(fs.existsSync("/sys/fs/cgroup/cgroup.controllers"));
    assert.equal(fs.existsSync("/proc/config.gz"), false);
    lab = await MachinesLab.init("cgroup2");
    lab.configure(
      onEc2(["w2"], {
        encapsulation: "IPIP",
        topology: [
          { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1"] },
          { name: "b", cidr: "10.0.4.0/24", nodes: ["w2"] },
        ],
      }),
    );
    await untilUp(lab);
    await lab.upWithNodes();
  });

  it("has the paths of its verdict between pods", async () => {
    await startPods(lab);
    assert.deepEqual(await disagreements(lab), []);
  });
});
