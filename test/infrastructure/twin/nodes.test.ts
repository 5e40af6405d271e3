import assert from "node:assert/strict";
import * as fc from "fast-check";
import { renderNode } from "../../../components/infrastructure/twin/nodes";
import { blocksOf, type LabPlan, type NodePlan, planLab, routesBy, routesOf } from "../../../components/plan";
import { labConfigs } from "../../support/arbitraries";
import { planOf, type RawConfig } from "../../support/problems";

const first = (raw: RawConfig) => {
  const plan = planOf(raw);
  return renderNode(plan, plan.nodes[0] as NodePlan);
};
const each = (plan: LabPlan) => plan.nodes.map((node) => ({ node, state: renderNode(plan, node) }));

describe("a node's state", () => {
  it("under VXLAN has Felix's routes, neighbours and forwarding entries, one per peer", () => {
    const state = first({ encapsulation: "VXLAN" });
    assert.deepEqual(state.routes, [
      "blackhole 172.16.0.0/26 proto 80",
      "172.16.0.64/26 via 172.16.0.64 dev vxlan.calico onlink",
      "172.16.0.128/26 via 172.16.0.128 dev vxlan.calico onlink",
      "172.16.0.192/26 via 172.16.0.192 dev vxlan.calico onlink",
    ]);
    assert.equal(state.neighbours.length, 3);
    assert.equal(state.neighbours[0], "172.16.0.64 lladdr 66:00:00:00:00:01 dev vxlan.calico nud permanent");
    assert.equal(state.forwarding[0], "66:00:00:00:00:01 dev vxlan.calico dst 10.0.3.11");
    assert.match(
      state.tunnel?.link ?? "",
      /type vxlan id 4096 local 10\.0\.3\.10 dev eth0 dstport 4789 nolearning/,
    );
  });

  it("under VXLANCrossSubnet has direct routes to its own subnet", () => {
    const state = first({ encapsulation: "VXLANCrossSubnet" });
    assert.ok(state.routes.includes("172.16.0.64/26 via 10.0.3.11 dev eth0 proto 80 onlink"));
    // Felix has the tunnel endpoint of every peer, even if it does not tunnel to it (measured on Calico 3.28.5).
    assert.equal(state.neighbours.length, 3);
  });

  it("under IPIP has tunl0 with the block's first address, and BIRD routes through it", () => {
    const state = first({ encapsulation: "IPIP" });
    assert.deepEqual(state.tunnel, {
      kind: "ipip",
      device: "tunl0",
      address: "172.16.0.0/32",
      mtu: 1480,
      link: "type ipip",
    });
    assert.deepEqual(state.routes, []);
    assert.match(state.bird, /route 10\.0\.4\.10\/32 via 10\.0\.4\.10%tunl0 onlink;/);
    assert.match(state.bird, /route 172\.16\.0\.0\/26 blackhole;/);
    assert.equal(state.bird.match(/^protocol bgp Mesh_/gm)?.length, 3);
  });

  it("keeps BIRD running under VXLAN, but BIRD gives the kernel no route, not even its own block's", () => {
    for (const encapsulation of ["VXLAN", "VXLANCrossSubnet"]) {
      const { bird } = first({ encapsulation });
      assert.match(bird, /protocol kernel \{\n.*\n {2}ipv4 \{ import none; export none; \};\n\}/);
      assert.equal(bird.match(/^protocol bgp Mesh_/gm)?.length, 3);
      assert.equal(first({ encapsulation, bgp: "Disabled" }).bird, "");
    }
    assert.match(first({ encapsulation: "None" }).bird, /export all/);
  });

  it("has the same BGP sessions in every encapsulation, so that a switch keeps them", () => {
    const sessions = ["IPIP", "IPIPCrossSubnet", "VXLAN", "VXLANCrossSubnet", "None"].map((encapsulation) =>
      first({ encapsulation }).bird.slice(first({ encapsulation }).bird.indexOf("template bgp mesh")),
    );
    assert.equal(new Set(sessions).size, 1);
  });

  it("has, for every two nodes, one that connects and one that waits", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const plan = planLab(config);
        if (!plan.bgp.enabled) return;
        const waiting = each(plan).flatMap(({ state }) => state.bird.match(/passive on/g) ?? []).length;
        assert.equal(waiting, (plan.nodes.length * (plan.nodes.length - 1)) / 2);
      }),
    );
  });

  it("has exactly the Felix routes that the plan expects", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const plan = planLab(config);
        for (const { node, state } of each(plan)) {
          const isFelix = (block: string) => routesBy(plan, block.split("/")[0] as string) === "Felix";
          assert.deepEqual(
            state.routes.map((route) => route.replace(/( proto 80)?( onlink)?$/, "")),
            [
              ...blocksOf(node)
                .filter(isFelix)
                .map((block) => `blackhole ${block}`),
              ...routesOf(plan, node)
                .filter(({ block }) => isFelix(block))
                .map(({ block, via, device }) => `${block} via ${via} dev ${device}`),
            ],
          );
        }
      }),
    );
  });

  it("shares no interface name or MAC with another node, whatever their names", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const builds = each(planLab(config)).map(({ state }) => state.build);
        const made = builds.flatMap((build) =>
          [...build.matchAll(/link add (?:name )?((?:tap|qbr|qvb)\w+)/g)].map(([, name]) => name),
        );
        const macs = builds.flatMap((build) => build.match(/address 02:00:[0-9a-f:]+/g) ?? []);
        assert.equal(new Set(made).size, made.length);
        assert.equal(new Set(macs).size, builds.length);
        for (const name of made) assert.ok((name ?? "").length <= 15, `${name} is longer than Linux takes`);
      }),
    );
  });

  it("gives pods the gateway 169.254.1.1, and answers ARP requests for it at once", () => {
    const { build } = first({});
    assert.match(build, /route add default via 169\.254\.1\.1 dev eth0/);
    assert.match(build, /echo 1 > \/proc\/sys\/net\/ipv4\/conf\/cali\w{11}\/proxy_arp/);
    assert.match(build, /echo 0 > \/proc\/sys\/net\/ipv4\/neigh\/cali\w{11}\/proxy_delay/);
  });
});
