/** Who exchanges routes in a real cluster: route reflectors in place of the mesh, and back, in place. */
import assert from "node:assert/strict";
import { build, builtVersions } from "../support/cluster-build";
import { needsContainers } from "../support/containers";
import { MachinesLab } from "../support/machines-lab";
import type { RawConfig } from "../support/problems";

describe("a real Calico with route reflectors", function () {
  this.timeout(1_200_000);
  let lab: MachinesLab;

  const configWith = (raw: RawConfig): RawConfig => ({
    cloud: "hosts",
    hosts: { machines: "containers", layer: build("layer") },
    encapsulation: "None",
    podRoutes: "static",
    ...builtVersions(),
    topology: [
      { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] },
      { name: "b", cidr: "10.0.4.0/24", nodes: ["w2"] },
    ],
    ...raw,
  });
  const reflectors = () => lab.kubectl(["get", "nodes", "-l", "route-reflector=true", "-o", "name"]);
  const clusterIds = async () =>
    (await lab.kubectl(["get", "nodes", "-o", "yaml"])).match(/RouteReflectorClusterID: /g)?.length ?? 0;

  before(async function () {
    needsContainers(this);
    this.timeout(3_600_000); // Kubernetes may have to be built
    lab = await MachinesLab.init("reflectors");
    lab.configure(configWith({ bgp: "routeReflectors", routeReflectors: ["w1"] }));
    await lab.upWithNodes();
  });
  after(() => lab?.end());

  it("has the label, the cluster ID and the routes, and does what the verdict says", async () => {
    assert.equal((await reflectors()).trim(), "node/w1");
    assert.equal(await clusterIds(), 1);
    const { disagreements, notConverged } = await lab.observe();
    assert.deepEqual([...disagreements, ...notConverged], []);
  });

  it("takes another node, and goes back to the mesh, in place", async () => {
    for (const raw of [{ bgp: "routeReflectors", routeReflectors: ["w2"] } as const, {}]) {
      lab.configure(configWith(raw));
      await lab.up();
      assert.equal((await reflectors()).trim(), raw.routeReflectors ? "node/w2" : "");
      assert.equal(await clusterIds(), raw.routeReflectors ? 1 : 0);
      const { disagreements, notConverged } = await lab.observe();
      assert.deepEqual([...disagreements, ...notConverged], []);
    }
  });

  it("tells no peer of its pods with disableBGPExport, as the verdict says", async () => {
    lab.configure(configWith({ peering: { disableBGPExport: true } }));
    await lab.up();
    const { rows, disagreements } = await lab.observe();
    assert.deepEqual(disagreements, []);
    // The router knows the pods by its own routes.
    const row = rows.find(({ path }) => path === "same-subnet");
    assert.equal(row?.carrier, "no BGP route: the default route");
  });
});
