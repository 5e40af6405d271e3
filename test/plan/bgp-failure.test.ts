/** Why a node or the gateway has no route where it learns routes by BGP: the words, the way out and the page about it. */
import assert from "node:assert/strict";
import { judge, rowKey } from "../../components/plan";
import { planOf, type RawConfig } from "../support/problems";

const LEARNED = { encapsulation: "None", podRoutes: "bgp" };
const IPIP = { encapsulation: "IPIP" };
const blocked = (node: string) => ({ faults: [{ fault: "bgp-blocked", nodes: [node], direction: "out" }] });
const OR_VXLAN = ", or use VXLAN, whose routes need no BGP";

/** A row of a lab: how the cause begins, the fix, and the end of the reference. */
const CASES: [title: string, raw: RawConfig, row: string, cause: string, fix: string, reference: string][] = [
  [
    "nodes tell no peer of their pods",
    { ...IPIP, peering: { disableBGPExport: true } },
    "same-subnet",
    "no node tells its BGP peers of its pods (disableBGPExport), so no node has a route to another's block, and ",
    `set peering.disableBGPExport: false${OR_VXLAN}`,
    "/reference/resources/ippool",
  ],
  [
    "there is neither a mesh nor anything else",
    { ...IPIP, peering: { nodeToNodeMesh: false } },
    "cross-subnet",
    "the node-to-node mesh is off, and nothing else tells nodes of each other's pods, so no node has a route",
    `set peering.nodeToNodeMesh: true${OR_VXLAN}`,
    "/reference/resources/bgpconfig",
  ],
  [
    "the only route reflector has no session with a node",
    { ...IPIP, bgp: "routeReflectors", routeReflectors: ["w1"], ...blocked("w3") },
    "cross-subnet from/to w3",
    "the route reflector w1 does not have BGP sessions with both nodes, so neither has a route to the other's block",
    `take bgp-blocked out of faults: allow TCP 179 between the nodes and the route reflectors${OR_VXLAN}`,
    "/calico/issues/3309",
  ],
  [
    "none of two route reflectors has a session with a node",
    { ...IPIP, bgp: "routeReflectors", routeReflectors: ["cp1", "w1"], ...blocked("w3") },
    "cross-subnet from/to w3",
    "none of the route reflectors cp1, w1 has BGP sessions with both nodes, so neither has a route",
    `take bgp-blocked out of faults: allow TCP 179 between the nodes and the route reflectors${OR_VXLAN}`,
    "/calico/issues/3309",
  ],
  [
    "a session of a mesh is down, which has no route reflector",
    { ...IPIP, ...blocked("w3") },
    "same-subnet from/to w3",
    "BGP is not established between the two nodes, so neither has a route to the other's block",
    `take bgp-blocked out of faults: allow TCP 179 from the other nodes${OR_VXLAN}`,
    "/calico/issues/3309",
  ],
  [
    "the gateway has no session with the pods' node",
    { ...LEARNED, ...blocked("w1") },
    "cross-subnet to w1",
    "the router has no BGP session with w1, so it knows no route for the packet ",
    "take bgp-blocked out of faults: allow TCP 179 from w1 to the router",
    "/calico/issues/3309",
  ],
  [
    "the gateway has another AS number, and nodes do not keep the next hop",
    { ...LEARNED, peering: { gatewayAsNumber: 64513 } },
    "cross-subnet from w2, w3",
    "the answer 172.16.0.1 > 172.16.0.129 (ICMP) goes round in circles until its TTL is used up: the router sends it to cp1, which sends it back: ",
    "set peering.keepOriginalNextHop: true, or set peering.gatewayAsNumber: 64512, the nodes' own",
    "/reference/resources/bgppeer",
  ],
];

describe("a route that BGP has not told", () => {
  for (const [title, raw, row, cause, fix, reference] of CASES)
    it(`is explained: ${title}`, () => {
      const failing = judge(planOf(raw)).paths.filter(({ failure, probe }) => failure && probe === "ICMP");
      const found = failing.find((one) => rowKey(one) === row) ?? assert.fail(failing.map(rowKey).join("\n"));
      assert.ok(found.failure);
      assert.ok(found.failure.cause.startsWith(cause), found.failure.cause);
      assert.equal(found.failure.fix, fix);
      assert.ok(found.failure.reference.endsWith(reference), found.failure.reference);
    });
});
