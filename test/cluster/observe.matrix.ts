/** Observations of a real cluster that take long: every fault that containers can play in every mode, and a dead node. */
import assert from "node:assert/strict";
import { ENCAPSULATIONS, FAULTS } from "../../components/config";
import { ENCAPSULATION_FACTS } from "../../components/plan";
import { needsContainers, SPEC, W3 } from "../support/containers";
import { HostsLab } from "../support/hosts";
import { failingPaths } from "../support/pods";
import type { RawConfig } from "../support/problems";
import { skip } from "../support/skip";

const NAMES = ["cp1", "w1", "w2", "w3"];
/** Those without IPIP, whose driver not every kernel has. */
const MODES = ENCAPSULATIONS.filter((mode) => ENCAPSULATION_FACTS[mode].tunnel !== "ipip");

/** Whether existing machines can have a fault in a mode. */
function canHave(lab: HostsLab, raw: RawConfig): boolean {
  try {
    lab.on(NAMES, raw);
    return true;
  } catch {
    return false;
  }
}

describe("the observation of a real cluster", function () {
  this.timeout(1_200_000);
  let lab: HostsLab;

  before(async function () {
    needsContainers(this);
    this.timeout(3_600_000); // Kubernetes and Calico may have to be built
    lab = await HostsLab.create("observe", { nodes: [...SPEC.nodes, W3], routes: [] });
    lab.on(NAMES, { encapsulation: "VXLANCrossSubnet" });
    await lab.upWithNodes();
  });
  after(() => lab?.end());

  for (const encapsulation of MODES)
    for (const fault of FAULTS)
      it(`is as predicted in ${encapsulation} with every pair measured: ${fault}`, async function () {
        if (!canHave(lab, { encapsulation, faults: [fault] })) skip(this, "existing machines cannot have it");
        await lab.up();
        const { disagreements, notConverged } = await lab.observe();
        assert.deepEqual([...disagreements, ...notConverged], []);
      });

  it("loses full-MTU packets in VXLAN's tunnel with the fault mtu-too-big, and carries them again without the fault", async () => {
    lab.on(NAMES, { encapsulation: "VXLAN", faults: ["mtu-too-big"] });
    await lab.up();
    assert.deepEqual(failingPaths(lab.plan), ["same-subnet: full-MTU", "cross-subnet: full-MTU"]);
    assert.deepEqual((await lab.observe()).disagreements, []);
    lab.on(NAMES, { encapsulation: "VXLAN" });
    await lab.up();
    assert.deepEqual((await lab.observe()).disagreements, []);
  });

  it("ends in bounded time with a node that is off, says what it could not measure, and is right about the others", async () => {
    lab.on(NAMES, { encapsulation: "VXLAN" });
    await lab.up();
    assert.deepEqual((await lab.observe()).disagreements, []);
    lab.machines.run("kill", "w3");
    const { rows, disagreements } = await lab.observe();
    const about = disagreements.filter((text) => !/w3|10\.0\.4\.11/.test(text));
    assert.deepEqual(about, []);
    assert.ok(rows.some(({ unmeasured = 0 }) => unmeasured > 0));
    assert.ok(rows.some(({ path, working }) => path === "cross-subnet" && working > 0));
  });
});
