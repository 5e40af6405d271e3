/** A packet on the wire: its length, what counts as its answer, and what a node closes to it. */
import assert from "node:assert/strict";
import { type LabPlan, type NodePlan, withFirewall } from "../../components/plan";
import { closedOn } from "../../components/plan/host";
import { describe as asText, isAnswer, type Leg, lengthOf, type Wire } from "../../components/plan/packet";
import { planOf, type RawConfig } from "../support/problems";

const nodeOf = ({ nodes }: LabPlan, wanted: string) => nodes.find(({ name }) => name === wanted) as NodePlan;
const wire = (more: Partial<Wire> = {}): Wire => ({
  source: "10.0.3.10",
  destination: "10.0.3.11",
  protocol: "tcp",
  port: 8080,
  ...more,
});

describe("a packet between nodes", () => {
  it("is longer by its tunnel's header: 20 bytes of IP-in-IP, 50 of VXLAN (Calico: Configure MTU)", () => {
    const length = (more: Partial<Wire>) =>
      lengthOf({ probe: { protocol: "icmp", size: 84 } } as Leg, wire(more));
    assert.equal(length({ protocol: "4", port: undefined }), 104);
    assert.equal(length({ protocol: "udp", port: 4789 }), 134);
    assert.equal(length({ protocol: "tcp", port: 8080 }), 84);
    assert.equal(length({ protocol: "icmp", port: undefined }), 84);
  });

  it("is an answer where addresses, protocol and port are those of a packet seen before, turned round", () => {
    const answer = wire({ source: "10.0.3.11", destination: "10.0.3.10" });
    assert.equal(isAnswer(answer, [wire()]), true);
    assert.equal(isAnswer(answer, []), false);
    assert.equal(isAnswer(wire(), [wire()]), false, "the same direction");
    for (const other of [
      { source: "10.0.3.12" },
      { destination: "10.0.3.12" },
      { protocol: "udp" as const },
      { port: 8081 },
    ])
      assert.equal(isAnswer(answer, [wire(other)]), false, JSON.stringify(other));
    const ipip = { protocol: "4", port: undefined } as const;
    assert.equal(isAnswer({ ...answer, ...ipip }, [wire(ipip)]), true, "calico#1996");
    // Each end of a VXLAN tunnel chooses its own source port, so no state matches.
    const vxlan = { protocol: "udp", port: 4789 } as const;
    assert.equal(isAnswer({ ...answer, ...vxlan }, [wire(vxlan)]), false);
    assert.equal(
      isAnswer({ ...answer, protocol: "udp", port: 53 }, [wire({ protocol: "udp", port: 53 })]),
      true,
    );
  });

  it("is written as tcpdump writes it", () => {
    assert.equal(asText(wire()), "10.0.3.10 > 10.0.3.11 (TCP 8080)");
    assert.equal(asText(wire({ protocol: "4", port: undefined })), "10.0.3.10 > 10.0.3.11 (IP protocol 4)");
    assert.equal(asText(wire({ protocol: "udp", port: 53 })), "10.0.3.10 > 10.0.3.11 (UDP 53)");
    assert.equal(asText(wire({ protocol: "icmp", port: undefined })), "10.0.3.10 > 10.0.3.11 (ICMP)");
  });
});

describe("what is closed on a node", () => {
  const closed = (raw: RawConfig, node: string, direction: "in" | "out") => {
    const plan = planOf({ encapsulation: "IPIP", ...raw });
    return closedOn(plan, "ipip", nodeOf(plan, node), direction);
  };
  const onW1 = (direction?: string) => ({ faults: [{ fault: "ipip-blocked", nodes: ["w1"], direction }] });

  it("is what a fault closes there, in its direction, and nothing on the other nodes", () => {
    for (const [direction, other] of [
      ["in", "out"],
      ["out", "in"],
    ] as const) {
      assert.equal(closed(onW1(direction), "w1", direction), "ipip-blocked");
      assert.equal(closed(onW1(direction), "w1", other), undefined);
      assert.equal(closed(onW1(direction), "w2", direction), undefined);
    }
    assert.equal(closed({}, "w1", "in"), undefined);
  });

  it("is for what comes in, on every node, where the group of all nodes lacks the rule: a group lets everything out", () => {
    const raw = { fabric: "aws", faults: ["ipip-blocked"] };
    assert.equal(closed(raw, "w1", "in"), "ipip-blocked");
    assert.equal(closed(raw, "w1", "out"), undefined);
    assert.equal(closed({ ...raw, ...onW1() }, "w1", "in"), "ipip-blocked");
    assert.equal(closed({ ...raw, ...onW1() }, "w2", "in"), undefined);
  });

  it("is the same for a fault that is a name, and one without nodes", () => {
    const plan = (fault: unknown) => planOf({ fabric: "aws", encapsulation: "IPIP", faults: [fault] });
    const { faults: _, ...asName } = plan("ipip-blocked");
    const { faults: __, ...asObject } = plan({ fault: "ipip-blocked", direction: "in" });
    assert.deepEqual(asObject, asName);
  });

  it("needs a firewall of the node's own where there is no group, or where the fault is that firewall", () => {
    const names = (raw: RawConfig) =>
      withFirewall(planOf({ encapsulation: "IPIP", ...raw })).map(({ name }) => name);
    const reject = { faults: [{ fault: "host-firewall-reject", nodes: ["w2"] }] };
    assert.deepEqual(names({}), []);
    assert.deepEqual(names(onW1()), ["w1"]);
    assert.deepEqual(names({ fabric: "aws", ...onW1() }), []);
    assert.deepEqual(names(reject), ["w2"]);
    assert.deepEqual(names({ fabric: "aws", ...reject }), ["w2"]);
    assert.deepEqual(names({ faults: [{ fault: "ip-forward-off", nodes: ["w1"] }] }), []);
  });
});
