import assert from "node:assert/strict";
import type * as pulumi from "@pulumi/pulumi";
import { renderPeerings } from "../../components/calico/peerings";
import { renderPools } from "../../components/calico/pools";
import { buildCluster } from "../support/cluster";
import { resolved } from "../support/mocks";
import { planOf, type RawConfig } from "../support/problems";

describe("a cluster with route reflectors", () => {
  const build = (raw: RawConfig) => buildCluster({ encapsulation: "IPIP", ...raw });

  it("labels them before the mesh ends, waits for routes after that, and takes them back at the end", async () => {
    const { resources } = await build({ bgp: "routeReflectors", routeReflectors: ["w1"] });
    const step = resources.find(({ name }) => name === "reflectors-cp1");
    assert.match(String(step?.props.delete), /bash -s -- delete/);
    const named = (name: string) => resources.find((one) => one.name === name) as (typeof resources)[number];
    const waitsFor = async ({ opts }: (typeof resources)[number]) =>
      Promise.all(
        [await resolved(opts.dependsOn as pulumi.Input<pulumi.Resource[]>)]
          .flat()
          .map(async ({ urn }) => (await resolved(urn)).split("::").at(-1)),
      );
    assert.ok((await waitsFor(named("default"))).includes("reflectors-cp1"));
    assert.ok((await waitsFor(named("blocks-cp1"))).includes("route-reflectors"));
  });

  it("has no such step in a mesh", async () => {
    const { resources } = await build({});
    assert.deepEqual(
      resources.filter(({ name }) => /reflectors/.test(name)),
      [],
    );
  });
});

describe("who exchanges routes, as Calico's objects,", () => {
  const peerings = (raw: RawConfig) =>
    renderPeerings(
      planOf({ encapsulation: "None", calicoVersion: "3.30", kubernetesVersion: "1.33", ...raw }),
    );

  it("is nothing where Calico's defaults are meant", () => {
    assert.deepEqual(peerings({}), []);
    assert.deepEqual(peerings({ encapsulation: "VXLAN", bgp: "Disabled" }), []);
  });

  it("is a BGPPeer that selects the reflectors for all nodes, and no mesh (docs: networking/configuring/bgp)", () => {
    assert.deepEqual(peerings({ bgp: "routeReflectors", routeReflectors: ["w1", "w2"] }), [
      { kind: "BGPConfiguration", name: "default", spec: { nodeToNodeMeshEnabled: false } },
      {
        kind: "BGPPeer",
        name: "route-reflectors",
        spec: { nodeSelector: "all()", peerSelector: "route-reflector == 'true'" },
      },
    ]);
  });

  it("has the nodes' AS number and the mesh as the config says, and the pool what BGP is not to tell", () => {
    const raw = { peering: { asNumber: 65001, nodeToNodeMesh: false, disableBGPExport: true } };
    assert.deepEqual(peerings(raw), [
      { kind: "BGPConfiguration", name: "default", spec: { nodeToNodeMeshEnabled: false, asNumber: 65001 } },
    ]);
    const pools = (some: RawConfig) => renderPools(planOf({ encapsulation: "None", ...some }));
    assert.equal(pools(raw)[0]?.spec.disableBGPExport, true);
    assert.equal("disableBGPExport" in (pools({})[0]?.spec ?? {}), false);
  });
});
