import assert from "node:assert/strict";
import * as fc from "fast-check";
import { ENCAPSULATIONS, type Encapsulation, FAULTS } from "../../components/config";
import { FAULT_FACTS, fabricFacts, type LabPlan, planLab, type RuleName } from "../../components/plan";
import { canHave, labConfigs } from "../support/arbitraries";
import { documentedFirewall } from "../support/documented-firewall";
import { sorted } from "../support/firewall";
import { changed, planOf, type RawConfig } from "../support/problems";

const ONE_SUBNET = [{ name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] }];
const TWO_SUBNETS = [...ONE_SUBNET, { name: "b", cidr: "10.0.4.0/24", nodes: ["w2"] }];
const ONE_NODE_EACH = [
  { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1"] },
  { name: "b", cidr: "10.0.4.0/24", nodes: ["w1"] },
];

/** What every cluster needs, in every encapsulation. */
const ALWAYS: RuleName[] = [
  "ssh",
  "api-operator",
  "nodeport",
  "nodes-tcp-1",
  "nodes-tcp-180",
  "nodes-tcp-2381",
  "nodes-udp-1",
  "nodes-udp-4790",
  "icmp",
];

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

  for (const encapsulation of ENCAPSULATIONS) {
    it(`is the documented one, with sources, protocols and port ranges: ${encapsulation}`, () => {
      for (const cloud of ["aws", "openstack", "twin", "hosts"]) {
        const open = planOf({ cloud, encapsulation }).firewall.filter((rule) => rule.open);
        const sources = { operator: ["operator"], nodes: "nodes", pods: "pods" };
        assert.deepEqual(
          sorted(open.map(({ protocol, ports, source }) => ({ protocol, ports, source }))),
          sorted(documentedFirewall(encapsulation, sources)),
          cloud,
        );
      }
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

  it("lets nodes reach nodes and their pods on every TCP and UDP port, as kOps does, in every mode", () => {
    fc.assert(
      fc.property(labConfigs, fc.integer({ min: 1, max: 65_535 }), (config, port) => {
        const { firewall } = planLab(changed(config, { faults: [] }));
        const open = (protocol: string) =>
          firewall.some(
            (rule) =>
              rule.open &&
              rule.source === "nodes" &&
              rule.protocol === protocol &&
              rule.ports &&
              port >= rule.ports[0] &&
              port <= rule.ports[1],
          );
        // etcd is not for nodes, as in kOps. The others have rules of their own, which a mode or a fault can close.
        if (![179, 2379, 2380].includes(port)) assert.ok(open("tcp"), `TCP ${port}`);
        if (port !== 4789) assert.ok(open("udp"), `UDP ${port}`);
      }),
    );
  });

  it("has no two rules from the nodes for the same port, so that a fault which closes one closes the port", () => {
    const rules = planOf({}).firewall.filter(({ source, ports }) => source === "nodes" && ports);
    for (const protocol of ["tcp", "udp"]) {
      const ranges = rules
        .filter((rule) => rule.protocol === protocol)
        .map(({ ports }) => ports as readonly [number, number])
        .sort(([a], [b]) => a - b);
      assert.equal(ranges[0]?.[0], 1);
      assert.equal(ranges.at(-1)?.[1], 65_535);
      for (const [i, [first]] of ranges.entries())
        if (i > 0) assert.equal(first, (ranges[i - 1]?.[1] ?? 0) + 1);
    }
  });

  it("says that SSH between nodes is for OpenStack, where nodes are reached through the control plane", () => {
    const why = (cloud: string) =>
      planOf({ cloud }).firewall.find(({ ports }) => ports?.[0] === 1 && ports[1] === 178)?.why ?? "";
    assert.match(why("openstack"), /only the control plane has a floating IP/);
    assert.doesNotMatch(why("aws"), /SSH/);
  });

  it("has the ports and protocols that Calico and Kubernetes use", () => {
    const rules = new Map(planOf({}).firewall.map(({ name, protocol, ports }) => [name, [protocol, ports]]));
    assert.deepEqual(rules.get("bgp"), ["tcp", [179, 179]]);
    assert.deepEqual(rules.get("ipip"), ["4", undefined]);
    assert.deepEqual(rules.get("vxlan"), ["udp", [4789, 4789]]);
    assert.deepEqual(rules.get("etcd"), ["tcp", [2379, 2380]]);
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
        // Without a security group, the nodes' own firewalls close it.
        const closes = fabricFacts(healthy).securityGroup ? FAULT_FACTS[fault].closes : undefined;
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
