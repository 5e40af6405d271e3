/** What an import makes of BGPPeers, route reflectors and BGPConfigurations. */
import assert from "node:assert/strict";
import { imported, keysOf, NODES, nodesYaml, poolYaml } from "../../support/imports";

const nodes = nodesYaml(NODES);
const pool = poolYaml("cidr: 172.16.0.0/16");
const [first] = NODES;

const object = (kind: string, name: string, spec: string) =>
  `apiVersion: crd.projectcalico.org/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: {${spec}}\n`;
const OFF = object("BGPConfiguration", "default", "nodeToNodeMeshEnabled: false, asNumber: 63400");
const peer = (spec: string, name = "rr") => object("BGPPeer", name, spec);
const calicoNode = (name: string) =>
  `apiVersion: projectcalico.org/v3\nkind: Node\nmetadata: {name: ${name}}\nspec: {bgp: {routeReflectorClusterID: 244.0.0.1}}\n`;

const keys = (...texts: string[]) =>
  keysOf(imported(nodes, pool, ...texts), "bgp", "routeReflectors", "podRoutes", "peering");
const left = (...texts: string[]) =>
  imported(nodes, pool, ...texts)
    .facts.notExpressed.map(({ what }) => what)
    .join("\n");

describe("an import of who exchanges routes", () => {
  const name = first?.name ?? "";

  it("has route reflectors where the mesh is off and a BGPPeer selects nodes", () => {
    const texts = [
      OFF,
      peer("nodeSelector: all(), peerSelector: route-reflector == 'true'"),
      calicoNode(name),
    ];
    assert.deepEqual(keys(...texts), ["routeReflectors", [name], undefined, { asNumber: 63400 }]);
    assert.equal(left(...texts), "");
  });

  it("has the router in the nodes' subnet as a peer, with its AS number, and lists a router elsewhere", () => {
    const spec = `peerIP: 10.20.1.1, asNumber: 64999, keepOriginalNextHop: true`;
    assert.deepEqual(keys(peer(spec)), [
      undefined,
      undefined,
      "bgp",
      { gatewayAsNumber: 64999, keepOriginalNextHop: true },
    ]);
    assert.deepEqual(keys(peer("peerIP: 198.51.100.1, asNumber: 64999")), Array(4).fill(undefined));
    assert.match(
      left(peer("peerIP: 198.51.100.1")),
      /BGPPeer rr \(198\.51\.100\.1\): the lab's nodes peer with/,
    );
  });

  it("has no session without mesh and peers, and a pool of which BGP tells nothing", () => {
    const lab = imported(nodes, pool, OFF);
    assert.deepEqual(keysOf(lab, "peering"), [{ asNumber: 63400, nodeToNodeMesh: false }]);
    assert.deepEqual(lab.plan.faults, []);
    const silent = imported(nodes, poolYaml("cidr: 172.16.0.0/16, disableBGPExport: true"));
    assert.deepEqual(keysOf(silent, "peering"), [{ disableBGPExport: true }]);
  });

  it("keeps the mesh, and lists the peer, where the lab cannot have what replaces it", () => {
    const texts = [OFF, peer("peerIP: 198.51.100.1")];
    assert.deepEqual(keys(...texts)[3], { asNumber: 63400 });
    assert.match(left(...texts), /BGPPeer rr/);
    assert.match(left(calicoNode(name)), /is a BGP route reflector/);
  });
});
