/** Several IPPools on a real Calico: whose addresses nodes get, and every pair as predicted, before and after a change in place. */
import assert from "node:assert/strict";
import { build, builtVersions } from "../support/cluster-build";
import { needsContainers } from "../support/containers";
import { touched } from "../support/lab";
import { MachinesLab } from "../support/machines-lab";
import type { RawConfig } from "../support/problems";
import { plannedPools, takenPools } from "../support/taken-pools";

/** A pool of the key `ipPools`. */
type Pool = Readonly<Record<string, unknown>> & { name: string };

const TOPOLOGY = [
  { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] },
  { name: "b", cidr: "10.0.4.0/24", nodes: ["w2", "w3"] },
];
const near = { name: "near", cidr: "172.16.0.0/17", nodes: ["cp1", "w1"] };
const far = { name: "far", cidr: "172.16.128.0/17", nodes: ["w2", "w3"] };

/** All have a tunnel's MTU before and after their changes, which pods would not take over. None has IPIP: see fabric.matrix.ts. */
const CASES: { title: string; pools: Pool[]; changes: Record<string, object>[] }[] = [
  {
    title: "pools for nodes apart, and one that gives all nodes a tunnel",
    pools: [
      { ...near, encapsulation: "None", natOutgoing: false },
      { ...far, encapsulation: "VXLANCrossSubnet", blockSize: 28 },
      { name: "tunnels", cidr: "172.17.0.0/20", encapsulation: "VXLAN", allowedUses: ["Tunnel"] },
    ],
    changes: [
      { far: { encapsulation: "VXLAN" } },
      { far: { encapsulation: "None" }, near: { natOutgoing: true } },
      { far: { encapsulation: "VXLANCrossSubnet" }, near: { encapsulation: "VXLANCrossSubnet" } },
    ],
  },
  {
    title: "a pool without a tunnel, whose nodes have no route to the pods of the other",
    pools: [
      { ...near, encapsulation: "None" },
      { ...far, encapsulation: "VXLAN" },
    ],
    changes: [{ near: { encapsulation: "VXLANCrossSubnet" } }, { near: { encapsulation: "None" } }],
  },
  {
    title: "a pool for all nodes with a tunnel, which takes the pods from a pool by name before it",
    pools: [
      { name: "any", cidr: "172.16.0.0/17", encapsulation: "None", nodes: ["cp1", "w2"] },
      { name: "rest", cidr: "172.16.128.0/17", encapsulation: "VXLANCrossSubnet", blockSize: 28 },
    ],
    changes: [{ rest: { encapsulation: "VXLAN" } }],
  },
  {
    title: "a pool for pods, one for tunnels, and a disabled one around a subnet",
    pools: [
      { name: "a", cidr: "172.16.0.0/17", encapsulation: "VXLAN", allowedUses: ["Workload"] },
      { name: "b", cidr: "172.16.128.0/17", encapsulation: "VXLANCrossSubnet", allowedUses: ["Tunnel"] },
      { name: "on-premises", cidr: "10.0.4.0/22", disabled: true },
    ],
    changes: [
      { a: { encapsulation: "VXLANCrossSubnet" }, b: { encapsulation: "VXLAN" } },
      { a: { encapsulation: "None" } },
    ],
  },
  {
    title:
      "two pools without a tunnel, of which the first by name counts, and a disabled one that sets the MTU",
    pools: [
      { name: "z", cidr: "172.16.128.0/17", encapsulation: "None" },
      { name: "b", cidr: "172.16.0.0/17", encapsulation: "None", nodes: ["w1", "w2"] },
      { name: "old", cidr: "192.168.0.0/16", encapsulation: "VXLAN", disabled: true },
    ],
    changes: [{ b: { encapsulation: "VXLAN" } }],
  },
];

for (const fabric of ["plain", "aws"] as const)
  describe(`a real Calico with several IPPools on the fabric ${fabric}`, function () {
    this.timeout(1_200_000);
    let lab: MachinesLab;

    const configure = (ipPools: readonly Pool[], raw: RawConfig = {}) =>
      lab.configure({
        cloud: "twin",
        rehearse: "containers",
        fabric,
        hosts: { layer: build("layer") },
        topology: TOPOLOGY,
        podCidr: "172.16.0.0/15",
        ipPools,
        ...builtVersions(),
        ...raw,
      });

    before(async function () {
      needsContainers(this);
      lab = await MachinesLab.init("pools");
    });
    after(() => lab?.end());

    const assertAsPlanned = async () => {
      const { disagreements, notConverged } = await lab.observe();
      assert.deepEqual([...disagreements, ...notConverged], []);
      assert.deepEqual(await takenPools(lab), plannedPools(lab.plan));
    };

    for (const { title, pools, changes } of CASES) {
      it(`does what the verdict says: ${title}`, async function () {
        this.timeout(3_600_000); // Kubernetes and Calico may have to be built
        configure(pools);
        // Other nodes get other addresses: the cluster is built anew.
        await lab.upWithNodes();
        await assertAsPlanned();
      });

      it(`changes in place: ${title}`, async () => {
        let now = pools;
        for (const change of changes) {
          now = now.map((pool) => ({ ...pool, ...change[pool.name] }));
          configure(now);
          const ops = touched(await lab.up());
          for (const name of Object.keys(change)) assert.ok(ops.includes(`${name}: update`), ops.join());
          assert.deepEqual(
            ops.filter((op) => !op.endsWith(": update")),
            [],
          );
          const { disagreements, notConverged } = await lab.observe();
          assert.deepEqual([...disagreements, ...notConverged], [], JSON.stringify(change));
        }
      });
    }

    it("leaves nothing after a destroy", async () => {
      await lab.destroy();
      assert.equal(lab.containers, undefined);
    });
  });
