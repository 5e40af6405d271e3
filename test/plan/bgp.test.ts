/** Which BGP sessions of the full mesh come up. */
import assert from "node:assert/strict";
import { bgpEstablished, sessionUp } from "../../components/plan";
import { planOf } from "../support/problems";

describe("the BGP sessions of a plan", () => {
  it("are all established in a healthy lab, and none without BIRD (bgp: Disabled)", () => {
    for (const fabric of ["aws", "openstack", "plain"]) {
      assert.equal(bgpEstablished(planOf({ fabric, encapsulation: "VXLAN" })), true);
      const plan = planOf({ fabric, encapsulation: "VXLAN", bgp: "Disabled" });
      assert.equal(bgpEstablished(plan), false);
      // Neither the rule nor the flag alone: on `plain` no group has a rule that could be closed.
      const [a, b] = plan.nodes;
      assert.ok(a && b && !sessionUp(plan, a, b));
    }
  });
});
