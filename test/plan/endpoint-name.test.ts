/** The ends of a path by the names and addresses that people type. */
import assert from "node:assert/strict";
import { addressOf, endpointNames, findEndpoint, nameOf, nodePortsOf, sourceAt } from "../../components/plan";
import { planOf } from "../support/problems";

const PLAN = planOf({
  topology: [
    { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] },
    { name: "b", cidr: "10.0.4.0/24", nodes: ["w2"] },
  ],
  tenants: {
    cidr: "20.20.1.0/24",
    instances: [{ name: "vm1", host: "w1", address: "20.20.1.98" }],
    ports: ["w1"],
  },
});

/** What somebody types, what it is, and its address. */
const ENDS: [typed: string, kind: string, name: string, address: string][] = [
  ["w1", "node", "w1", "10.0.3.11"],
  ["10.0.3.11", "node", "w1", "10.0.3.11"],
  ["W2-1", "pod", "w2-1", "172.16.0.129"],
  ["172.16.0.129", "pod", "w2-1", "172.16.0.129"],
  ["service-a", "service", "service-a", "10.96.0.11"],
  ["10.96.0.11", "service", "service-a", "10.96.0.11"],
  ["VM1", "instance", "vm1", "20.20.1.98"],
  ["20.20.1.98", "instance", "vm1", "20.20.1.98"],
  ["internet", "internet", "internet", "203.0.113.10"],
  ["W2:30000", "nodeport", "w2:30000", "10.0.4.10"],
  ["10.0.4.10:31000", "nodeport", "w2:31000", "10.0.4.10"],
];

describe("the ends of a path", () => {
  for (const [typed, ...expected] of ENDS)
    it(`are found by what is typed: ${typed}`, () => {
      const end = findEndpoint(PLAN, typed) ?? assert.fail();
      assert.deepEqual([end.kind, nameOf(end), addressOf(end)], expected);
    });

  it("are none for a name, an address or a port that the lab does not have", () => {
    for (const typed of ["w9", "w9:30000", "w1:29999", "w1:", ":30000", "w1:x", "w1:30000x", "10.0.3.1", ""])
      assert.equal(findEndpoint(PLAN, typed), undefined, typed);
  });

  it("of a Service are the pod and the node behind it, whatever node is asked", () => {
    for (const typed of ["service-a", "w2:30000", "w2:31000"]) {
      const end = findEndpoint(PLAN, typed);
      assert.ok(end?.kind === "service" || end?.kind === "nodeport");
      assert.deepEqual([end.service.name, end.pod.name, end.node.name], ["service-a", "w1-1", "w1"]);
    }
    const policyOf = (typed: string) => {
      const end = findEndpoint(PLAN, typed);
      return end?.kind === "nodeport" && end.policy;
    };
    assert.deepEqual(["w2:30000", "w2:31000"].map(policyOf), ["Cluster", "Local"]);
  });

  it("are named node by node with its pods, then the Services, the instances and the internet", () => {
    assert.deepEqual(
      endpointNames(PLAN).join(" "),
      "cp1 cp1-1 cp1-2 w1 w1-1 w1-2 w2 w2-1 w2-2 service-a service-b vm1 internet",
    );
    assert.deepEqual(nodePortsOf(PLAN), [30000, 31000, 30001, 31001]);
  });

  it("can send if they are pods, nodes or instances", () => {
    const sourceOf = (typed: string) => {
      const source = sourceAt(findEndpoint(PLAN, typed) ?? assert.fail());
      return source && [source.name, source.node, source.address];
    };
    assert.deepEqual(sourceOf("w1-1"), ["w1-1", "w1", "172.16.0.65"]);
    assert.deepEqual(sourceOf("w2"), ["w2", "w2", "10.0.4.10"]);
    assert.deepEqual(sourceOf("vm1"), ["vm1", "w1", "20.20.1.98"]);
    for (const typed of ["service-a", "w2:30000", "internet"]) assert.equal(sourceOf(typed), undefined);
  });
});
