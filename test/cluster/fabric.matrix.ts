/** Every fault that node containers can have, on every fabric, in every mode, in place: as predicted with every pair measured. */
import assert from "node:assert/strict";
import { ENCAPSULATIONS, type Fabric, type Fault } from "../../components/config";
import { ENCAPSULATION_FACTS, FABRIC_FACTS } from "../../components/plan";
import { build, builtVersions } from "../support/cluster-build";
import { needsContainers } from "../support/containers";
import { OF_MATRIX } from "../support/fault-settings";
import { MachinesLab } from "../support/machines-lab";
import { restartSystemPods } from "../support/pods";
import type { RawConfig } from "../support/problems";
import { skip } from "../support/skip";

/** Those without IPIP, whose driver not every kernel has. */
const MODES = ENCAPSULATIONS.filter((mode) => ENCAPSULATION_FACTS[mode].tunnel !== "ipip");
const TOPOLOGY = [
  { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] },
  { name: "b", cidr: "10.0.4.0/24", nodes: ["w2", "w3"] },
];

/** The name of a fault, or that of one on a single node. */
const SETTINGS: { fault: Fault; nodes?: string[] }[] = OF_MATRIX.flatMap((fault) => [
  { fault },
  { fault, nodes: ["w1"] },
]);

for (const fabric of Object.keys(FABRIC_FACTS) as Fabric[])
  describe(`node containers on the fabric ${fabric}`, function () {
    this.timeout(1_200_000);
    let lab: MachinesLab;
    let mode: string;

    const configure = (raw: RawConfig) =>
      lab.configure({
        cloud: "twin",
        rehearse: "containers",
        fabric,
        hosts: { layer: build("layer") },
        topology: TOPOLOGY,
        ...builtVersions(),
        ...raw,
      });
    const up = async () => {
      await lab.up();
      // They were made before a switch of mode, and keep their MTU.
      if (mode !== lab.plan.encapsulation) await restartSystemPods(lab);
      mode = lab.plan.encapsulation;
    };

    before(async function () {
      needsContainers(this);
      this.timeout(3_600_000); // Kubernetes and Calico may have to be built
      lab = await MachinesLab.init("fabric");
      configure({ encapsulation: "VXLAN" });
      await lab.upWithNodes();
      mode = "VXLAN";
    });
    after(() => lab?.end());

    /** Measures the lab. @returns how many pairs of one subnet's pods reach each other, and of how many. */
    const inSubnet = async (): Promise<[number, number]> => {
      const { rows, disagreements, notConverged } = await lab.observe();
      assert.deepEqual([...disagreements, ...notConverged], []);
      const { working, pairs } =
        rows.find(({ path }) => path === "same-subnet") ?? assert.fail("it is measured");
      assert.ok(pairs > 0);
      return [working, pairs];
    };

    if (fabric === "l3")
      it("carry packets within a subnet in VXLAN's tunnel, and none that CrossSubnet or None sends direct", async () => {
        for (const encapsulation of ["VXLAN", "VXLANCrossSubnet", "None"] as const) {
          configure({ encapsulation });
          await up();
          const [working, pairs] = await inSubnet();
          assert.equal(working, encapsulation === "VXLAN" ? pairs : 0, encapsulation);
        }
        configure({ encapsulation: "VXLAN" });
        await up();
      });

    for (const encapsulation of MODES)
      for (const { fault, nodes } of SETTINGS)
        it(`are as predicted in ${encapsulation} with ${fault} on ${nodes ?? "all nodes"}, and without it`, async function () {
          const faults = [nodes ? { fault, nodes } : fault];
          try {
            configure({ encapsulation, faults });
          } catch {
            return skip(this, "node containers cannot have it here");
          }
          await up();
          const broken = await lab.observe();
          assert.deepEqual([...broken.disagreements, ...broken.notConverged], []);
          configure({ encapsulation });
          await up();
          const whole = await lab.observe();
          assert.deepEqual([...whole.disagreements, ...whole.notConverged], []);
        });

    if (fabric === "l3")
      it("carry direct packets within a subnet once the router knows the pods", async () => {
        configure({ encapsulation: "None", podRoutes: "static" });
        // A pool for each node: the cluster is built anew.
        await lab.upWithNodes();
        const [working, pairs] = await inSubnet();
        assert.equal(working, pairs);
      });
  });
