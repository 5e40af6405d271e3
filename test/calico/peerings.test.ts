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

  it("waits for the routes of a router anew when the router's AS number changes", async () => {
    const mode = async (raw: RawConfig) => {
      const { resources } = await build({ encapsulation: "None", podRoutes: "bgp", ...raw });
      return /MODE='([^\n]*)'/.exec(
        String(resources.find(({ name }) => name === "blocks-cp1")?.props.stdin),
      )?.[1];
    };
    assert.notEqual(await mode({}), await mode({ peering: { gatewayAsNumber: 64513 } }));
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

  it("has the router as a peer of the nodes in each of its subnets, by its address there", () => {
    const [a, b] = ["kubernetes.io/hostname in { 'cp1', 'w1' }", "kubernetes.io/hostname in { 'w2', 'w3' }"];
    const peers = (asNumber: number, more = {}) => [
      {
        kind: "BGPPeer",
        name: "gateway-a",
        spec: { nodeSelector: a, peerIP: "10.0.3.1", asNumber, ...more },
      },
      {
        kind: "BGPPeer",
        name: "gateway-b",
        spec: { nodeSelector: b, peerIP: "10.0.4.1", asNumber, ...more },
      },
    ];
    const learned = { rehearse: "containers", podRoutes: "bgp" } as const;
    assert.deepEqual(peerings(learned), peers(64512));
    const peering = { gatewayAsNumber: 64513, keepOriginalNextHop: true };
    assert.deepEqual(peerings({ ...learned, peering }), peers(64513, { keepOriginalNextHop: true }));
    // Between peers of one AS, the next hop stays as it is anyway.
    assert.deepEqual(peerings({ ...learned, peering: { keepOriginalNextHop: true } }), peers(64512));
  });
});
