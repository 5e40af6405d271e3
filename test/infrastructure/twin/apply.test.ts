import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import * as fc from "fast-check";
import { port } from "../../../components/infrastructure/fabric/names";
import { renderSecurity } from "../../../components/infrastructure/fabric/security";
import * as apply from "../../../components/infrastructure/twin/apply";
import { changeNode } from "../../../components/infrastructure/twin/change-node";
import { renderNetwork } from "../../../components/infrastructure/twin/network";
import { type NodeState, renderNode } from "../../../components/infrastructure/twin/nodes";
import { type NodePlan, planLab } from "../../../components/plan";
import { labConfigs } from "../../support/arbitraries";
import { planOf, type RawConfig } from "../../support/problems";
import { labOfSize } from "../../support/sizes";

const nodeState = (raw: RawConfig, index = 0): NodeState => {
  const plan = planOf(raw);
  return renderNode(plan, plan.nodes[index] as NodePlan);
};

/** The script that changes a lab's first node from one config to another. */
const changeOf = (from: RawConfig, to: RawConfig): string => changeNode(nodeState(from), nodeState(to));

/** Asserts that the script contains these texts, in this order. */
function assertOrder(script: string, ...texts: string[]): void {
  let from = 0;
  for (const text of texts) {
    const at = script.indexOf(text, from);
    assert.notEqual(
      at,
      -1,
      `"${text}" is missing${script.includes(text) ? " or too early" : ""} in\n${script}`,
    );
    from = at + text.length;
  }
}

describe("the script that changes a node", () => {
  it("is empty when nothing differs", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const plan = planLab(config);
        for (const node of plan.nodes) {
          const state = renderNode(plan, node);
          assert.equal(changeNode(state, structuredClone(state)), "");
        }
      }),
      { numRuns: 30 },
    );
  });

  it("is valid bash, for any two labs", () => {
    fc.assert(
      fc.property(labConfigs, labConfigs, (before, after) => {
        const [one, two] = [planLab(before), planLab(after)];
        const states = [one, two].map((plan) => renderNode(plan, plan.nodes[0] as NodePlan)) as [
          NodeState,
          NodeState,
        ];
        const scripts = [
          apply.signed("node", states[1], changeNode(...states)),
          apply.signed("node", states[1], apply.buildNode(states[1])),
          apply.changeNetwork(renderNetwork(one), renderNetwork(two)),
          apply.changeSecurity(renderSecurity(one), renderSecurity(two)),
        ];
        const checked = spawnSync("bash", ["-n"], { input: scripts.join("\n"), encoding: "utf8" });
        assert.equal(checked.stderr, "");
        assert.equal(checked.status, 0);
      }),
      { numRuns: 20 },
    );
  });

  it("brings the routes into a tunnel back when only the tunnel's device is made anew", () => {
    const wrong: RawConfig = { encapsulation: "VXLAN", faults: ["node-ip-wrong-interface"] };
    assertOrder(
      changeOf(wrong, { encapsulation: "VXLAN" }),
      "link del vxlan.calico",
      "link add vxlan.calico",
      "link del vpn0",
      "route replace",
      "dev vxlan.calico onlink",
    );
  });

  it("adds a tunnel: first the device, then its neighbours and forwarding entries, then the routes through it", () => {
    const script = changeOf({ encapsulation: "None" }, { encapsulation: "VXLAN" });
    assertOrder(
      script,
      "ipv4 { import none; export none; };",
      "birdc -s /run/bird/cp1.ctl configure",
      "link add vxlan.calico",
      "link set vxlan.calico mtu 1450 up",
      "neigh replace",
      "fdb append",
      "route replace 172.16.0.64/26 via 172.16.0.64 dev vxlan.calico",
    );
    assert.doesNotMatch(script, /netns (add|del)|bird -c|kill/);
  });

  it("hands routes from Felix to BIRD without a pause, and then removes the device", () => {
    const script = changeOf({ encapsulation: "VXLAN" }, { encapsulation: "None" });
    assertOrder(
      script,
      "route del 172.16.0.64/26",
      "ipv4 { import none; export all; };",
      "birdc -s /run/bird/cp1.ctl configure",
      "link del vxlan.calico",
    );
    assert.doesNotMatch(script, /bird -c|kill/, "BIRD and its sessions stay");
    assertOrder(
      changeOf({ encapsulation: "VXLAN" }, { encapsulation: "IPIP" }),
      "link set tunl0 mtu 1480 up",
      "route del 172.16.0.64/26",
      "birdc -s /run/bird/cp1.ctl configure",
      "link del vxlan.calico",
    );
    assertOrder(
      changeOf({ encapsulation: "IPIP" }, { encapsulation: "VXLAN" }),
      "birdc -s /run/bird/cp1.ctl configure",
      "link add vxlan.calico",
      "link set tunl0 down",
      "route replace",
    );
  });

  it("starts a new node's BIRD before its tunnel, unless BIRD's routes need the tunnel or a fault must be there first", () => {
    const built = (raw: RawConfig) => apply.buildNode(nodeState(raw));
    assertOrder(built({ encapsulation: "VXLAN" }), "type veth", "bird -c", "link add vxlan.calico");
    assertOrder(built({ encapsulation: "IPIP" }), "link set tunl0 mtu 1480 up", "bird -c");
    const closed: RawConfig = {
      encapsulation: "VXLAN",
      faults: [{ fault: "host-firewall-reject", nodes: ["cp1"] }],
    };
    assertOrder(built(closed), "table ip host-firewall {", "bird -c");
  });

  it("ends BIRD for bgp: Disabled and removes its routes before adding Felix's, and starts BIRD again for Enabled", () => {
    const on: RawConfig = { encapsulation: "None" };
    const off: RawConfig = { encapsulation: "VXLAN", bgp: "Disabled" };
    assertOrder(
      changeOf(on, off),
      "kill -9 $pid",
      "route flush proto bird",
      "route replace 172.16.0.64/26 via 172.16.0.64 dev vxlan.calico",
    );
    assertOrder(changeOf(off, on), "route del 172.16.0.64/26", "link del vxlan.calico", "bird -c");
  });

  it("reloads BIRD's file and touches no device from IPIP to IPIPCrossSubnet", () => {
    const script = changeOf({ encapsulation: "IPIP" }, { encapsulation: "IPIPCrossSubnet" });
    assertOrder(script, "cat > /run/bird/cp1.conf", "birdc -s /run/bird/cp1.ctl configure");
    assert.doesNotMatch(script, /link (add|set|del)|nft|bird -c/);
  });

  it("keeps the device and its entries from VXLAN to VXLANCrossSubnet, and replaces the routes that become direct", () => {
    const script = changeOf({ encapsulation: "VXLAN" }, { encapsulation: "VXLANCrossSubnet" });
    assert.doesNotMatch(script, /link (add|del|set)|neigh (del|replace)|fdb (del|append)/);
    // One right after the other, in the same batch, as Felix does it.
    assert.match(
      script,
      /^route del 172\.16\.0\.64\/26 .*\nroute replace 172\.16\.0\.64\/26 via 10\.0\.3\.11 dev eth0/m,
    );
  });

  it("changes only the node's address translation for natOutgoing", () => {
    const script = changeOf({}, { natOutgoing: false });
    assertOrder(script, "nft -f -", "delete table ip calico");
    assert.doesNotMatch(script, /route|link|masquerade$/m);
  });

  it("changes only the pods' MTU, at both ends, for mtu-too-big", () => {
    const script = changeOf({}, { faults: ["mtu-too-big"] });
    assert.equal(script.match(/mtu 1500/g)?.length, 4);
    assert.doesNotMatch(script, /route (add|del|replace)|vxlan/);
  });

  it("first removes what an interrupted build has left, without an error if nothing is there", () => {
    const state = nodeState({});
    const { tap } = port("cp1");
    assertOrder(
      apply.buildNode(state),
      "ip netns del cp1",
      "ip netns del cp1-2",
      `link del ${tap}`,
      "netns add cp1",
    );
    // No node of that name is on this machine, and every program would fail.
    const failing = "ip() { return 1; }; rm() { return 1; }; export -f ip rm";
    const remove = apply.removeNode({ ...state, name: "no-such-node", pods: [] });
    assert.equal(String(execFileSync("bash", ["-ec", `${failing}\n${remove}\necho ended`])), "ended\n");
  });
});

describe("the script that changes the network", () => {
  it("changes only the gateway's routes for podRoutes", () => {
    const [without, with_] = [renderNetwork(planOf({})), renderNetwork(planOf({ podRoutes: true }))];
    assert.equal(without.build, with_.build);
    const script = apply.changeNetwork(without, with_);
    assert.equal(script.match(/route replace/g)?.length, 4);
    assert.doesNotMatch(script, /route del|nft|netns/);
    assert.equal(apply.changeNetwork(with_, without).match(/route del/g)?.length, 4);
  });

  it("unplugs a removed node, whose address may belong to another node before it is deleted", () => {
    const before = renderNetwork(planOf({}));
    const after = renderNetwork(planOf({ topology: [{ name: "a", cidr: "10.0.3.0/24", nodes: ["cp1"] }] }));
    const script = apply.changeNetwork(before, after);
    // Its BIRD ends first, so that no peer keeps a session with an address that another node gets.
    for (const name of ["w1", "w2", "w3"])
      assertOrder(script, `< /run/bird/${name}.pid`, "kill -9 $pid", `link del ${port(name).tap}`);
    assert.ok(!script.includes(port("cp1").tap));
    assert.ok(!script.includes("/run/bird/cp1"));
  });

  it("ends the BIRD of a node that moves to another address, and of no other", () => {
    const at = (address: string) =>
      renderNetwork(
        planOf({ topology: [{ name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", { name: "w1", address }] }] }),
      );
    const script = apply.changeNetwork(at("10.0.3.20"), at("10.0.3.21"));
    assert.ok(script.includes("< /run/bird/w1.pid"));
    assert.doesNotMatch(script, /link del|\/run\/bird\/cp1/);
    const unknown = { ...at("10.0.3.20"), ports: ["cp1", "w1"] };
    assert.doesNotMatch(apply.changeNetwork(unknown, at("10.0.3.21")), /link del|\/run\/bird/);
  });
});

describe("the script that changes the rules", () => {
  const rules = (raw: RawConfig) => renderSecurity(planOf({ fabric: "aws", encapsulation: "None", ...raw }));

  it("ends the BGP sessions only when TCP 179 closes, because a stateful group would keep them alive", () => {
    const [open, closed] = [rules({}), rules({ faults: ["bgp-blocked"] })];
    assertOrder(apply.changeSecurity(open, closed), "nft -f -", "conntrack -F", "restart all");
    assert.doesNotMatch(apply.changeSecurity(closed, open), /conntrack|birdc/);
    assert.doesNotMatch(
      apply.changeSecurity(open, rules({ faults: ["pod-cidr-blocked"] })),
      /conntrack|birdc/,
    );
  });
});

describe("the look at a node", () => {
  it("lists links as JSON, because as text `ip` opens every namespace of the lab, and searches neighbours of no pod that has only one", () => {
    const pods = (look: string[]) => look.filter((one) => /ip -n \S+-[12] /.test(one));
    const [small, large] = [4, 64].map((size) => {
      const plan = labOfSize(size);
      return apply.lookAtNode(renderNode(plan, plan.nodes[1] as NodePlan));
    });
    for (const look of [small, large] as string[][]) {
      assert.ok(look.filter((one) => one.startsWith("ip ")).every((one) => / -j .*-batch /.test(one)));
      assert.equal(pods(look).length, 2);
    }
    assert.ok(pods(small as string[]).every((one) => one.includes("neigh show nud permanent")));
    assert.ok(pods(large as string[]).every((one) => /neigh get 169\.254\.1\.1 dev eth0$/m.test(one)));
  });
});

describe("a signature", () => {
  it("is removed first, written last, and differs between states", () => {
    const state = nodeState({});
    const script = apply.signed("node-cp1", state, "BODY");
    assertOrder(
      script,
      "set -e",
      "flock",
      "rm -f /run/encaplab/applied/node-cp1",
      "BODY",
      apply.digest(state),
    );
    assert.equal(script.split("\n").at(-1), `echo ${apply.digest(state)} > /run/encaplab/applied/node-cp1`);
    assert.notEqual(apply.digest(state), apply.digest(nodeState({ natOutgoing: false })));
  });

  it("is compared before a change in place, with what the part has: nothing is done to a part in another state", () => {
    const [old, state] = [nodeState({}), nodeState({ natOutgoing: false })];
    const script = apply.signed("node-cp1", state, "BODY", { look: apply.lookAtNode(state), from: old });
    assertOrder(script, "flock", apply.digest(old), "node-cp1.seen", "|| exit 1", "rm -f", "BODY");
  });
});
