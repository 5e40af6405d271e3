import assert from "node:assert/strict";
import type { NodePlan } from "../../components/plan";
import { expectedRoutes } from "../../components/plan";
import { planOf, type RawConfig } from "../support/problems";

/** As `scripts/node/blocks.sh` prints them. Calico gave cp1 two blocks; one block is of a node that is gone. */
const BLOCKS = `172.16.0.0/26 cp1
172.16.7.64/26 cp1
172.16.9.0/26 w1
172.16.200.0/26 w2
172.16.5.0/26 gone
`;

function routesAt(node: string, raw: RawConfig): string[] {
  const plan = planOf(raw);
  const at = plan.nodes.find(({ name }) => name === node) as NodePlan;
  return expectedRoutes(plan, at, BLOCKS).split("\n").filter(Boolean);
}

describe("the routes that a node is expected to have", () => {
  it("go through tunl0 to the other nodes' addresses in IPIP", () => {
    assert.deepEqual(routesAt("w1", { encapsulation: "IPIP" }), [
      "172.16.0.0/26 tunl0 10.0.3.10 BIRD",
      "172.16.200.0/26 tunl0 10.0.4.10 BIRD",
      "172.16.7.64/26 tunl0 10.0.3.10 BIRD",
    ]);
  });

  it("go through vxlan.calico in VXLAN, by tunnel addresses that Calico assigns", () => {
    assert.deepEqual(routesAt("w2", { encapsulation: "VXLAN" }), [
      "172.16.0.0/26 vxlan.calico - Felix",
      "172.16.7.64/26 vxlan.calico - Felix",
      "172.16.9.0/26 vxlan.calico - Felix",
    ]);
  });

  it("are direct inside a subnet and go through the tunnel between subnets in CrossSubnet", () => {
    assert.deepEqual(routesAt("w1", { encapsulation: "IPIPCrossSubnet" }), [
      "172.16.0.0/26 direct 10.0.3.10 BIRD",
      "172.16.200.0/26 tunl0 10.0.4.10 BIRD",
      "172.16.7.64/26 direct 10.0.3.10 BIRD",
    ]);
  });

  it("are all programmed by Felix in VXLANCrossSubnet, also the direct ones", () => {
    assert.deepEqual(routesAt("w1", { encapsulation: "VXLANCrossSubnet" }), [
      "172.16.0.0/26 direct 10.0.3.10 Felix",
      "172.16.200.0/26 vxlan.calico - Felix",
      "172.16.7.64/26 direct 10.0.3.10 Felix",
    ]);
  });

  it("all go through the tunnel when the nodes are recorded as /32", () => {
    const lines = routesAt("w1", { encapsulation: "IPIPCrossSubnet", faults: ["node-as-32"] });
    assert.ok(lines.length === 3 && lines.every((line) => line.includes(" tunl0 ")));
  });

  it("are only those that BIRD learns where TCP 179 is closed at one node", () => {
    const closed = { encapsulation: "None", faults: [{ fault: "bgp-blocked", nodes: ["w1"] }] };
    // w1 itself opens the session with cp1, whose address is lower; w2 would have to open its session with w1.
    assert.deepEqual(routesAt("w1", closed), [
      "172.16.0.0/26 direct 10.0.3.10 BIRD",
      "172.16.7.64/26 direct 10.0.3.10 BIRD",
    ]);
    assert.deepEqual(routesAt("w2", closed), ["172.16.0.0/26 direct - BIRD", "172.16.7.64/26 direct - BIRD"]);
  });

  it("go through any router between subnets without a tunnel", () => {
    assert.deepEqual(routesAt("w2", { encapsulation: "None" }), [
      "172.16.0.0/26 direct - BIRD",
      "172.16.7.64/26 direct - BIRD",
      "172.16.9.0/26 direct - BIRD",
    ]);
  });

  it("are none where closed BGP keeps BIRD from programming them", () => {
    assert.deepEqual(routesAt("w1", { fabric: "aws", encapsulation: "IPIP", faults: ["bgp-blocked"] }), []);
  });
});
