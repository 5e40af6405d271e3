/** The nodes of a cluster in the stack's own containers: one goes and comes back. */
import assert from "node:assert/strict";
import { needsContainers } from "../support/containers";
import { MachinesLab } from "../support/machines-lab";
import type { RawConfig } from "../support/problems";
import { onEc2, SmallerLab } from "../support/smaller-lab";

const configWith = (b: readonly string[]): RawConfig => onEc2(b, { encapsulation: "VXLAN" });

describe("the nodes of a cluster in the stack's own containers", function () {
  this.timeout(600_000);
  let lab: MachinesLab;

  before(async function () {
    needsContainers(this);
    this.timeout(3_600_000); // Kubernetes may have to be built
    lab = await MachinesLab.init("nodes");
    lab.configure(configWith(["w2", "w3"]));
    await lab.upWithNodes();
  });
  after(() => lab?.end());

  it("are drained before their machines are removed", async () => {
    const smaller = new SmallerLab(lab, configWith(["w2"]), "w3");
    await smaller.configure();
    await smaller.comesUp(["cp1", "w1", "w2"]);
  });

  it("come back, and have every path that the verdict predicts", async () => {
    lab.configure(configWith(["w2", "w3"]));
    await lab.upWithNodes();
    const { disagreements, notConverged } = await lab.observe();
    assert.deepEqual([...disagreements, ...notConverged], []);
  });
});
