/** Which BGP sessions of the full mesh come up. */
import assert from "node:assert/strict";
import { bgpEstablished, sessionUp } from "../../components/plan";
import { sessionFault } from "../../components/plan/bgp";
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

  it("are not all established where one of them is not, and all where a fault on a node is another's", () => {
    const established = (fault: object) =>
      bgpEstablished(planOf({ fabric: "plain", encapsulation: "IPIP", faults: [fault] }));
    // BIRD of the node with the greater address opens a session: w1 waits for w2 and w3, and cp1 waits for w1.
    assert.equal(established({ fault: "bgp-blocked", nodes: ["w1"] }), false);
    assert.equal(established({ fault: "bgp-blocked", nodes: ["w1"], direction: "out" }), false);
    assert.equal(established({ fault: "bgp-blocked", nodes: ["w3"] }), true, "w3 opens all of its sessions");
    assert.equal(established({ fault: "bgp-blocked", nodes: ["cp1"], direction: "out" }), true);
    assert.equal(established({ fault: "host-firewall-reject", nodes: ["w1"] }), false);
    assert.equal(established({ fault: "ipip-blocked", nodes: ["w1"] }), true);
    assert.equal(established({ fault: "ip-forward-off", nodes: ["w1"] }), true);
    assert.equal(established({ fault: "node-ip-wrong-interface", nodes: ["w3"] }), false);
  });

  it("fail for a fault that says why: whose node it is, and in which direction", () => {
    const why = (fault: object, a: string, b: string) => {
      const plan = planOf({ fabric: "plain", encapsulation: "IPIP", faults: [fault] });
      const node = (name: string) =>
        plan.nodes.find((one) => one.name === name) as (typeof plan.nodes)[number];
      return [sessionFault(plan, node(a), node(b)), sessionFault(plan, node(b), node(a))];
    };
    const both = <T>(one: T) => [one, one];
    assert.deepEqual(why({ fault: "bgp-blocked", nodes: ["w1"] }, "w1", "w2"), both("bgp-blocked"));
    assert.deepEqual(why({ fault: "bgp-blocked", nodes: ["w1"] }, "w1", "cp1"), both(undefined));
    assert.deepEqual(
      why({ fault: "bgp-blocked", nodes: ["w1"], direction: "out" }, "w1", "cp1"),
      both("bgp-blocked"),
    );
    assert.deepEqual(
      why({ fault: "host-firewall-reject", nodes: ["w1"] }, "w1", "w2"),
      both("host-firewall-reject"),
    );
    assert.deepEqual(why({ fault: "host-firewall-reject", nodes: ["w1"] }, "w1", "cp1"), both(undefined));
    assert.deepEqual(why({ fault: "ip-forward-off", nodes: ["w1"] }, "w1", "w2"), both(undefined));
    assert.deepEqual(
      why({ fault: "node-ip-wrong-interface", nodes: ["w1"] }, "w1", "w2"),
      both("node-ip-wrong-interface"),
    );
  });
});
