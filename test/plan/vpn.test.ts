/** The range of the VPN whose interface Calico takes for the node's own by mistake: it is nothing else in the lab. */
import assert from "node:assert/strict";
import { isMisrecorded, recordedIp, vpnAddress, vpnRange } from "../../components/plan/vpn";
import { planOf, type RawConfig } from "../support/problems";

const rangeOf = (raw: RawConfig): string => vpnRange(planOf(raw)).cidr;
const on = (cidr: string) => [{ name: "a", cidr, nodes: ["cp1", "w1"] }];

describe("the range of a VPN", () => {
  it("is OpenVPN's usual one, or the first after it that is free", () => {
    assert.equal(rangeOf({}), "10.8.0.0/16");
    assert.equal(rangeOf({ podCidr: "10.8.0.0/16" }), "10.9.0.0/16");
    assert.equal(rangeOf({ serviceCidr: "10.8.0.0/16" }), "10.9.0.0/16");
    assert.equal(rangeOf({ topology: on("10.8.3.0/24") }), "10.9.0.0/16");
    const tenants = {
      cidr: "10.8.0.0/24",
      instances: [{ name: "vm1", host: "w1", address: "10.8.0.98" }],
      ports: ["w1"],
    };
    assert.equal(rangeOf({ tenants }), "10.9.0.0/16");
  });

  it("is elsewhere in 10.0.0.0/8 where those around OpenVPN's are taken, and in 172.16.0.0/12 after that", () => {
    assert.equal(rangeOf({ podCidr: "10.8.0.0/13" }), "10.1.0.0/16", "10.0.0.0/16 has the nodes");
    assert.equal(
      rangeOf({ podCidr: "10.0.0.0/9", serviceCidr: "10.128.0.0/12", topology: on("192.168.3.0/24") }),
      "10.144.0.0/16",
    );
  });
});

describe("a node's address on the VPN", () => {
  it("is one of a kind for each node, and what Calico records by mistake", () => {
    const plan = planOf({ faults: [{ fault: "node-ip-wrong-interface", nodes: ["w1"] }] });
    assert.deepEqual(
      plan.nodes.map((node) => vpnAddress(plan, node)),
      ["10.8.0.1", "10.8.0.2", "10.8.0.3", "10.8.0.4"],
    );
    assert.deepEqual(plan.nodes.map(recordedIp), ["10.0.3.10", "10.8.0.2", "10.0.4.10", "10.0.4.11"]);
    assert.deepEqual(plan.nodes.map(isMisrecorded), [false, true, false, false]);
  });
});
