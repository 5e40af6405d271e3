import assert from "node:assert/strict";
import * as fc from "fast-check";
import { ENCAPSULATIONS, type Encapsulation, FAULTS } from "../../components/config";
import { FAULT_FACTS, type LabPlan, planLab, type RuleName } from "../../components/plan";
import { canHave, labConfigs } from "../support/arbitraries";
import { changed, planOf, type RawConfig } from "../support/problems";

const ONE_SUBNET = [{ name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] }];
const TWO_SUBNETS = [...ONE_SUBNET, { name: "b", cidr: "10.0.4.0/24", nodes: ["w2"] }];
const ONE_NODE_EACH = [
  { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1"] },
  { name: "b", cidr: "10.0.4.0/24", nodes: ["w1"] },
];

/** What every cluster needs, in every encapsulation. */
const ALWAYS: RuleName[] = ["ssh", "api-operator", "nodeport", "api", "kubelet", "icmp"];

const openIn = (plan: LabPlan) => plan.firewall.filter(({ open }) => open).map(({ name }) => name);

describe("the firewall of a plan", () => {
  // What each mode opens in addition: with natOutgoing, without it, and with it where no two nodes share a subnet.
  const NEEDS: [Encapsulation, natted: RuleName[], plain: RuleName[], apart: RuleName[]][] = [
    ["IPIP", ["bgp", "ipip"], ["bgp", "ipip", "pod-cidr"], ["bgp", "ipip"]],
    ["IPIPCrossSubnet", ["bgp", "ipip", "pod-cidr"], ["bgp", "ipip", "pod-cidr"], ["bgp", "ipip"]],
    ["VXLAN", ["bgp", "vxlan"], ["bgp", "vxlan", "pod-cidr"], ["bgp", "vxlan"]],
    ["VXLANCrossSubnet", ["bgp", "vxlan", "pod-cidr"], ["bgp", "vxlan", "pod-cidr"], ["bgp", "vxlan"]],
    ["None", ["bgp", "pod-cidr"], ["bgp", "pod-cidr"], ["bgp", "pod-cidr"]],
  ];

  it("is tested for each of the five modes", () => {
    assert.deepEqual(
      NEEDS.map(([mode]) => mode),
      [...ENCAPSULATIONS],
    );
  });

  for (const [encapsulation, natted, plain, apart] of NEEDS) {
    it(`opens what ${encapsulation} needs and nothing else`, () => {
      const open = (natOutgoing: boolean, topology: unknown) =>
        openIn(planOf({ cloud: "aws", encapsulation, natOutgoing, topology }));
      for (const topology of [ONE_SUBNET, TWO_SUBNETS]) {
        assert.deepEqual(open(true, topology), [...ALWAYS, ...natted]);
        assert.deepEqual(open(false, topology), [...ALWAYS, ...plain]);
      }
      assert.deepEqual(open(true, ONE_NODE_EACH), [...ALWAYS, ...apart]);
    });
  }

  it("opens TCP 179 under VXLAN too, and explains that calico-node's readiness needs it but no route does", () => {
    const bgp = (raw: RawConfig) => planOf(raw).firewall.find(({ name }) => name === "bgp");
    for (const encapsulation of ["VXLAN", "VXLANCrossSubnet"]) {
      assert.equal(bgp({ encapsulation })?.open, true);
      assert.match(
        bgp({ encapsulation })?.why ?? "",
        new RegExp(
          `^Felix programs the routes of ${encapsulation}, but BIRD runs too, and calico-node is ready only`,
        ),
      );
      const disabled = bgp({ encapsulation, bgp: "Disabled" });
      assert.equal(disabled?.open, false);
      assert.match(disabled?.why ?? "", /^bgp is Disabled: Felix programs the routes of VXLAN/);
    }
    assert.match(bgp({ encapsulation: "IPIP" })?.why ?? "", /^BIRD exchanges the nodes' blocks over BGP$/);
  });

  it("opens SSH between nodes only on OpenStack, where nodes are reached through the control plane", () => {
    assert.ok(openIn(planOf({ cloud: "openstack" })).includes("ssh-jump"));
    for (const cloud of ["aws", "hosts", "twin"])
      assert.ok(!openIn(planOf({ cloud })).includes("ssh-jump"), cloud);
  });

  it("opens Typha's port only with more than fifty nodes", () => {
    const open = (count: number) => {
      const nodes = Array.from({ length: count }, (_, i) => `n${i}`);
      return openIn(planOf({ topology: [{ name: "a", cidr: "10.0.3.0/24", nodes }] }));
    };
    assert.equal(open(50).includes("typha"), false);
    assert.equal(open(51).includes("typha"), true);
  });

  it("has the ports and protocols that Calico and Kubernetes use", () => {
    const rules = new Map(planOf({}).firewall.map(({ name, protocol, ports }) => [name, [protocol, ports]]));
    assert.deepEqual(rules.get("bgp"), ["tcp", [179, 179]]);
    assert.deepEqual(rules.get("ipip"), ["4", undefined]);
    assert.deepEqual(rules.get("vxlan"), ["udp", [4789, 4789]]);
    assert.deepEqual(rules.get("typha"), ["tcp", [5473, 5473]]);
    assert.deepEqual(rules.get("api"), ["tcp", [6443, 6443]]);
    assert.deepEqual(rules.get("etcd"), ["tcp", [2379, 2380]]);
    assert.deepEqual(rules.get("kubelet"), ["tcp", [10250, 10250]]);
    assert.deepEqual(rules.get("nodeport"), ["tcp", [30000, 32767]]);
    assert.deepEqual(rules.get("pod-cidr"), ["all", undefined]);
  });

  it("never opens a port to everyone, and all protocols only to pods", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const { firewall } = planLab(config);
        assert.doesNotMatch(JSON.stringify(firewall), /0\.0\.0\.0|::\/0/);
        for (const { source, protocol, ports, why } of firewall) {
          assert.ok(["operator", "nodes", "pods"].includes(source));
          if (source === "operator") assert.ok(protocol === "tcp" && ports, "the operator gets named ports");
          if (protocol === "all") assert.equal(source, "pods");
          assert.ok(why.length > 10);
        }
      }),
    );
  });

  it("loses only the rule that a fault closes, and none if the fault closes no rule", () => {
    fc.assert(
      fc.property(labConfigs, fc.constantFrom(...FAULTS), (config, fault) => {
        const healthy = planLab(changed(config, { faults: [] }));
        fc.pre(canHave(healthy, fault));
        const faulty = planLab(changed(config, { faults: [fault] }));
        const { closes } = FAULT_FACTS[fault];
        assert.deepEqual(
          openIn(faulty),
          openIn(healthy).filter((name) => name !== closes),
        );
        const closed = faulty.firewall.filter(({ closedBy }) => closedBy).map(({ name }) => name);
        assert.deepEqual(
          closed,
          openIn(healthy).filter((name) => name === closes),
        );
      }),
    );
  });
});
