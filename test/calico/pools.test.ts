import assert from "node:assert/strict";
import * as fc from "fast-check";
import { renderPools } from "../../components/calico/pools";
import { ENCAPSULATIONS } from "../../components/config";
import { ENCAPSULATION_FACTS, judge, overlap, parseCidr, planLab } from "../../components/plan";
import { labConfigs } from "../support/arbitraries";
import { planOf } from "../support/problems";

describe("the IPPools of a plan", () => {
  for (const encapsulation of ENCAPSULATIONS) {
    it(`are one pool with the modes of ${encapsulation}`, () => {
      const { ipipMode, vxlanMode } = ENCAPSULATION_FACTS[encapsulation];
      const [pool, ...more] = renderPools(planOf({ encapsulation, natOutgoing: false }));
      assert.deepEqual(more, []);
      assert.equal(pool?.name, "default-ipv4-ippool");
      assert.deepEqual(pool?.spec, {
        cidr: "172.16.0.0/16",
        blockSize: 26,
        ipipMode,
        vxlanMode,
        natOutgoing: false,
        nodeSelector: "all()",
        allowedUses: ["Workload", "Tunnel"],
      });
    });
  }

  it("are one pool per node with podRoutes, so that the plan knows each node's block", () => {
    const plan = planOf({ encapsulation: "None", podRoutes: true });
    assert.deepEqual(
      renderPools(plan).map(({ name, spec }) => [name, spec.cidr, spec.nodeSelector]),
      plan.nodes.map(({ name, block }) => [`node-${name}`, block, `kubernetes.io/hostname == '${name}'`]),
    );
  });

  it("are those of ipPools, each with its mode, and with the nodes that it selects by their host names; for tunnels first", () => {
    const plan = planOf({
      encapsulation: "IPIP",
      ipPools: [
        { name: "rest", cidr: "172.16.0.0/17" },
        { name: "old", cidr: "192.168.0.0/16", encapsulation: "VXLAN", disabled: true },
        {
          name: "edge",
          cidr: "172.16.128.0/18",
          encapsulation: "VXLANCrossSubnet",
          blockSize: 28,
          nodes: ["w2", "w3"],
        },
        {
          name: "tunnels",
          cidr: "172.16.192.0/18",
          encapsulation: "VXLAN",
          allowedUses: ["Tunnel"],
          nodes: ["w1"],
        },
      ],
    });
    const shared = { natOutgoing: true, allowedUses: ["Workload", "Tunnel"] };
    assert.deepEqual(renderPools(plan), [
      {
        name: "edge",
        spec: {
          ...shared,
          cidr: "172.16.128.0/18",
          blockSize: 28,
          ipipMode: "Never",
          vxlanMode: "CrossSubnet",
          nodeSelector: "kubernetes.io/hostname in { 'w2', 'w3' }",
        },
      },
      {
        name: "rest",
        spec: {
          ...shared,
          cidr: "172.16.0.0/17",
          blockSize: 26,
          ipipMode: "Always",
          vxlanMode: "Never",
          nodeSelector: "all()",
        },
      },
      {
        name: "tunnels",
        spec: {
          ...shared,
          cidr: "172.16.192.0/18",
          blockSize: 26,
          ipipMode: "Never",
          vxlanMode: "Always",
          nodeSelector: "kubernetes.io/hostname == 'w1'",
          allowedUses: ["Tunnel"],
        },
      },
      {
        name: "old",
        spec: {
          ...shared,
          cidr: "192.168.0.0/16",
          blockSize: 26,
          ipipMode: "Never",
          vxlanMode: "Always",
          disabled: true,
          nodeSelector: "all()",
        },
      },
    ]);
  });

  it("are one for each block of ipPools with podRoutes: static, for what its node has it for; one without blocks is for no node", () => {
    const plan = planOf({
      podRoutes: "static",
      ipPools: [
        { name: "all", cidr: "172.16.0.0/18", encapsulation: "None", nodes: ["cp1", "w1", "w2"] },
        { name: "edge", cidr: "172.16.64.0/18", blockSize: 28, encapsulation: "VXLAN", nodes: ["w3"] },
        { name: "never", cidr: "172.16.128.0/18", encapsulation: "None", allowedUses: ["Tunnel"] },
        { name: "old", cidr: "192.168.0.0/16", encapsulation: "VXLAN", disabled: true },
        {
          name: "tunnels",
          cidr: "172.16.192.0/18",
          encapsulation: "VXLAN",
          allowedUses: ["Tunnel"],
          nodes: ["w1"],
        },
      ],
    });
    assert.deepEqual(
      renderPools(plan).map(({ name, spec }) => [
        name,
        spec.cidr,
        spec.nodeSelector,
        spec.allowedUses.join(),
      ]),
      [
        ["all.cp1", "172.16.0.0/26", "kubernetes.io/hostname == 'cp1'", "Workload"],
        ["all.w1", "172.16.0.64/26", "kubernetes.io/hostname == 'w1'", "Workload"],
        ["all.w2", "172.16.0.128/26", "kubernetes.io/hostname == 'w2'", "Workload"],
        ["edge.w3", "172.16.64.0/28", "kubernetes.io/hostname == 'w3'", "Workload,Tunnel"],
        ["never", "172.16.128.0/18", "!all()", "Tunnel"],
        ["old", "192.168.0.0/16", "all()", "Workload,Tunnel"],
        ["tunnels.w1", "172.16.192.0/26", "kubernetes.io/hostname == 'w1'", "Tunnel"],
      ],
    );
  });

  it("never overlap, are never smaller than a block, and never have two tunnels", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const pools = renderPools(planLab(config));
        pools.forEach(({ spec }, i) => {
          const cidr = parseCidr(spec.cidr);
          assert.ok(cidr.prefix <= spec.blockSize);
          assert.ok(spec.ipipMode === "Never" || spec.vxlanMode === "Never");
          assert.ok(pools.slice(0, i).every((other) => !overlap(parseCidr(other.spec.cidr), cidr)));
        });
      }),
    );
  });

  it("have the config's mode also without Calico, and the plan then notes that it has no effect", () => {
    const plan = planOf({ encapsulation: "VXLAN", calico: { install: "none" } });
    assert.equal(renderPools(plan)[0]?.spec.vxlanMode, "Always");
    assert.equal(plan.encapsulation, "None");
    assert.match(
      judge(plan).remarks.join(),
      /the IPPool says VXLAN, but without Calico pods are routed as with None/,
    );
  });
});
