/** What a verdict remarks on BGP, in literal sentences. */
import assert from "node:assert/strict";
import { bgpRemarks } from "../../components/plan/bgp-remark";
import { planOf, type RawConfig } from "../support/problems";

const NONE = { encapsulation: "None" } as const;
const REFLECTED = { ...NONE, bgp: "routeReflectors", routeReflectors: ["w1", "w2"] } as const;
const LEARNED = { ...NONE, podRoutes: "bgp" } as const;

describe("the remarks on BGP", () => {
  const remarks = (raw: RawConfig) => bgpRemarks(planOf(raw));
  const ebgp = (peering: object = {}) => ({ ...LEARNED, peering: { gatewayAsNumber: 64513, ...peering } });
  const PEERS = "the router peers with every node";
  const ON_EBGP = `${PEERS} (eBGP, AS 64513 and the nodes' 64512)`;

  it("are none on a full mesh", () => {
    for (const encapsulation of ["IPIP", "VXLAN"]) assert.deepEqual(remarks({ encapsulation }), []);
  });

  it("count the sessions that route reflectors save, and ask for a second one", () => {
    assert.deepEqual(remarks(REFLECTED), [
      "route reflectors w1, w2: 5 BGP sessions between the nodes, where a mesh has 6",
    ]);
    assert.deepEqual(remarks({ ...REFLECTED, routeReflectors: ["w1"] }), [
      "route reflector w1: 3 BGP sessions between the nodes, where a mesh has 6; without it no node learns a route, so name a second one",
    ]);
  });

  it("say what disableBGPExport does, by who programs the routes, and nothing of a gateway that then learns none", () => {
    const off = { peering: { disableBGPExport: true } };
    assert.deepEqual(remarks({ encapsulation: "IPIP", ...off }), [
      "disableBGPExport: sessions come up, and no node tells a peer of its pods",
    ]);
    assert.deepEqual(remarks({ encapsulation: "VXLAN", ...off }), [
      "disableBGPExport: sessions come up, and no node tells a peer of its pods; Felix programs the routes of VXLAN, so paths between pods do not depend on it",
    ]);
    assert.equal(remarks({ ...LEARNED, ...off }).length, 1);
  });

  it("say with which AS number the gateway peers, and whether it learns every block", () => {
    assert.deepEqual(remarks(LEARNED), [`${PEERS} (iBGP, AS 64512) and learns each node's block`]);
    const faults = [{ fault: "bgp-blocked", nodes: ["w3"], direction: "out" }];
    assert.deepEqual(remarks({ ...LEARNED, faults }), [`${PEERS} (iBGP, AS 64512)`]);
    assert.deepEqual(remarks(ebgp({ keepOriginalNextHop: true })), [
      `${ON_EBGP} and learns each node's block`,
    ]);
  });

  it("say to whom an eBGP gateway sends everything, unless nodes keep the next hop", () => {
    assert.deepEqual(remarks(ebgp()), [
      `${ON_EBGP} and learns each node's block`,
      "without keepOriginalNextHop every node tells the router of all blocks, with itself as the next hop: it sends what is for pods to cp1",
    ]);
  });

  it("say why nodes without a mesh stay on their own behind an eBGP gateway, and in no other lab", () => {
    const alone =
      "nodes drop what the router tells them of each other, because their own AS 64512 is in the path: pods' packets follow the default route, and the router knows the way";
    const meshless = ebgp({ nodeToNodeMesh: false });
    assert.deepEqual(remarks(meshless), [`${ON_EBGP} and learns each node's block`, alone]);
    const faults = [{ fault: "bgp-blocked", nodes: ["w3"], direction: "out" }];
    const one = [{ name: "a", cidr: "10.0.3.0/24", nodes: ["cp1"] }];
    for (const raw of [
      { ...meshless, faults },
      { ...meshless, topology: one },
      { ...LEARNED, peering: { nodeToNodeMesh: false } },
      { ...REFLECTED, ...ebgp(), bgp: "routeReflectors" },
      ebgp(),
    ])
      assert.ok(!remarks(raw).includes(alone), JSON.stringify(raw));
  });
});
