/** Observations of a real cluster that take long: every fault that containers can play in every mode, and a dead node. */
import assert from "node:assert/strict";
import { ENCAPSULATIONS } from "../../components/config";
import { ENCAPSULATION_FACTS, type LabPlan } from "../../components/plan";
import { testSwitch } from "../support/calico-tests";
import { needsContainers, SPEC, W3 } from "../support/containers";
import { OF_MATRIX } from "../support/fault-settings";
import { HostsLab } from "../support/hosts";
import { disagreements, failingPaths, startPods } from "../support/pods";
import type { RawConfig } from "../support/problems";
import { skip } from "../support/skip";
import { followAll } from "../support/traces";

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

  const up = async (raw: RawConfig): Promise<void> => {
    lab.on(NAMES, raw);
    await lab.up();
    // Another proxy mode is a cluster built anew, with another authority.
    await lab.readKubeconfig();
  };

  before(async function () {
    needsContainers(this);
    this.timeout(3_600_000); // Kubernetes and Calico may have to be built
    lab = await HostsLab.create("observe", { nodes: [...SPEC.nodes, W3], routes: [] });
    lab.on(NAMES, { encapsulation: "VXLANCrossSubnet" });
    await lab.upWithNodes();
  });
  after(() => lab?.end());

  for (const encapsulation of MODES)
    for (const fault of OF_MATRIX)
      it(`is as predicted in ${encapsulation} with every pair measured: ${fault}`, async function () {
        if (!canHave(lab, { encapsulation, faults: [fault] })) skip(this, "existing machines cannot have it");
        await lab.up();
        const { disagreements, notConverged } = await lab.observe();
        assert.deepEqual([...disagreements, ...notConverged], []);
      });

  it("loses full-MTU packets in VXLAN's tunnel with the fault mtu-too-big, and carries them again without the fault", async () => {
    await up({ encapsulation: "VXLAN", faults: ["mtu-too-big"] });
    assert.deepEqual(failingPaths(lab.plan), ["same-subnet: full-MTU", "cross-subnet: full-MTU"]);
    assert.deepEqual((await lab.observe()).disagreements, []);
    await up({ encapsulation: "VXLAN" });
    assert.deepEqual((await lab.observe()).disagreements, []);
  });

  for (const encapsulation of MODES)
    it(`shows in ${encapsulation}, on the devices of its nodes, the packets of the trace of each path`, async () => {
      await up({ encapsulation });
      assert.deepEqual((await lab.observe()).disagreements, []);
      const { contradicted, measured } = await followAll(await lab.follower());
      assert.equal(contradicted, "");
      assert.ok(measured >= 10, `${measured}`);
    });

  it("sends every path between nodes through the tunnel with the fault node-as-32 in VXLANCrossSubnet", async () => {
    await up({ encapsulation: "VXLANCrossSubnet", faults: ["node-as-32"] });
    const seen = await lab.observe();
    assert.deepEqual(seen.disagreements, []);
    assert.ok(seen.nodes?.every(({ recordedAddress }) => recordedAddress?.endsWith("/32")));
    const peer = lab.plan.nodes[1] as LabPlan["nodes"][number];
    assert.match(lab.machines.on("cp1", "ip route"), /via \S+ dev vxlan.calico/);
    assert.doesNotMatch(lab.machines.on("cp1", "ip route"), new RegExp(`via ${peer.address} dev eth0`));
    await up({ encapsulation: "VXLANCrossSubnet" });
    assert.match(lab.machines.on("cp1", "ip route"), new RegExp(`via ${peer.address} dev eth0`));
  });

  // Mocha runs a suite's own tests before the suites in it.
  describe("switches", () => {
    before(async () => {
      await up({ encapsulation: "VXLANCrossSubnet" });
      await startPods(lab);
    });
    // The way round that the cluster suite does not take.
    const order = ["VXLANCrossSubnet", "None", "VXLAN", "VXLANCrossSubnet"] as const;
    order.slice(1).forEach((mode, i) => {
      testSwitch(NAMES, () => lab, order[i] ?? "VXLANCrossSubnet", mode);
    });

    it("goes from VXLAN without BIRD to None in one up: the rollout ends before the pool changes, and pods keep working", async () => {
      await up({ encapsulation: "VXLAN", bgp: "Disabled" });
      assert.deepEqual(await disagreements(lab), []);
      const { pod } = lab.plan.mtu;
      await up({ encapsulation: "None" });
      const ready = "jsonpath={.status.numberReady} {.status.updatedNumberScheduled}";
      const counts = await lab.kubectl(["get", "-n", "kube-system", "daemonset", "calico-node", "-o", ready]);
      assert.equal(counts, `${NAMES.length} ${NAMES.length}`);
      assert.deepEqual(await disagreements(lab, lab.plan, pod), []);
    });
  });

  for (const encapsulation of MODES)
    it(`is as predicted in ${encapsulation} with kube-proxy's nftables, Services included`, async () => {
      await up({ encapsulation, proxyMode: "nftables" });
      assert.deepEqual((await lab.observe()).disagreements, []);
    });

  describe("with a node that is off", () => {
    it("ends in bounded time, says what it could not measure, and is right about the others", async () => {
      await up({ encapsulation: "VXLAN" });
      assert.deepEqual((await lab.observe()).disagreements, []);
      lab.machines.run("kill", "w3");
      const { rows, disagreements } = await lab.observe();
      const about = disagreements.filter((text) => !/w3|10\.0\.4\.11/.test(text));
      assert.deepEqual(about, []);
      assert.ok(rows.some(({ unmeasured = 0 }) => unmeasured > 0));
      assert.ok(rows.some(({ path, working }) => path === "cross-subnet" && working > 0));
    });
  });
});
