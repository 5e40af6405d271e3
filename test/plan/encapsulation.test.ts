import assert from "node:assert/strict";
import { ENCAPSULATIONS } from "../../components/config";
import { ENCAPSULATION_FACTS, routesNeedBgp, TUNNELS } from "../../components/plan";
import { planOf } from "../support/problems";

const FACTS = Object.entries(ENCAPSULATION_FACTS);

describe("encapsulation facts", () => {
  it("exist for each of the five encapsulations", () => {
    assert.deepEqual(
      FACTS.map(([name]) => name),
      [...ENCAPSULATIONS],
    );
  });

  for (const [name, facts] of FACTS) {
    it(`never set both ipipMode and vxlanMode: ${name}`, () => {
      const set = [facts.ipipMode, facts.vxlanMode].filter((mode) => mode !== "Never");
      assert.equal(set.length, facts.tunnel ? 1 : 0);
      assert.equal(set[0] ?? "Never", facts.crossSubnet ? "CrossSubnet" : facts.tunnel ? "Always" : "Never");
      assert.equal(facts.ipipMode !== "Never", facts.tunnel === "ipip");
    });

    it(`count the bytes of the outer header: ${name}`, () => {
      const outerHeader = { ipip: 20, vxlan: 20 + 8 + 8 + 14 };
      assert.equal(facts.overhead, facts.tunnel ? outerHeader[facts.tunnel] : 0);
    });

    it(`let BIRD program the routes, except for VXLAN: ${name}`, () => {
      assert.equal(facts.routesBy, facts.tunnel === "vxlan" ? "Felix" : "BIRD");
      assert.equal(routesNeedBgp(planOf({ encapsulation: name })), facts.tunnel !== "vxlan");
    });

    it(`keep BIRD running, so that a switch never changes Calico's backend: ${name}`, () => {
      assert.equal(planOf({ encapsulation: name }).bgp.enabled, true);
      assert.equal(planOf({ encapsulation: name, bgp: "Enabled" }).bgp.enabled, true);
    });
  }

  it("name the tunnel devices and the tcpdump filters", () => {
    assert.deepEqual([TUNNELS.ipip.device, TUNNELS.vxlan.device], ["tunl0", "vxlan.calico"]);
    assert.deepEqual([TUNNELS.ipip.filter, TUNNELS.vxlan.filter], ["ip proto 4", "udp port 4789"]);
  });

  it("end up in the IPPool, with the config's cidr, blockSize and natOutgoing", () => {
    assert.deepEqual(planOf({ encapsulation: "IPIPCrossSubnet", natOutgoing: false, blockSize: 28 }).ipPool, {
      cidr: "172.16.0.0/16",
      blockSize: 28,
      ipipMode: "CrossSubnet",
      vxlanMode: "Never",
      natOutgoing: false,
    });
  });

  it("turn BIRD off under VXLAN when the config says bgp: Disabled", () => {
    for (const encapsulation of ["VXLAN", "VXLANCrossSubnet"])
      assert.equal(planOf({ encapsulation, bgp: "Disabled" }).bgp.enabled, false);
  });

  it("ignore bgp: Disabled without Calico, where the twin uses BIRD in place of static routes", () => {
    const plan = planOf({ encapsulation: "VXLAN", bgp: "Disabled", calico: { install: "none" } });
    assert.deepEqual([plan.calico, plan.bgp.enabled], [false, true]);
  });
});

describe("the MTU of a plan", () => {
  const rows: [link: number, ipip: number, vxlan: number][] = [
    [1500, 1480, 1450],
    [9001, 8981, 8951],
    [1450, 1430, 1400],
  ];
  for (const [link, ipip, vxlan] of rows) {
    it(`leaves room for the outer header on a link of ${link} bytes`, () => {
      const mtu = (encapsulation: string) => planOf({ encapsulation, mtu: link }).mtu;
      for (const mode of ["IPIP", "IPIPCrossSubnet"])
        assert.deepEqual(mtu(mode), { link, tunnel: ipip, pod: ipip });
      for (const mode of ["VXLAN", "VXLANCrossSubnet"])
        assert.deepEqual(mtu(mode), { link, tunnel: vxlan, pod: vxlan });
      assert.deepEqual(mtu("None"), { link, tunnel: link, pod: link });
    });
  }

  it("starts from the usual MTU of the fabric's links", () => {
    assert.equal(planOf({ fabric: "plain" }).mtu.link, 1500);
    assert.equal(planOf({ cloud: "aws" }).mtu.link, 9001);
    assert.equal(planOf({ cloud: "openstack" }).mtu.link, 1450);
  });

  it("gives pods the link's MTU under the fault mtu-too-big, but the tunnel the MTU that it can carry", () => {
    const { mtu } = planOf({ encapsulation: "VXLAN", faults: ["mtu-too-big"] });
    assert.deepEqual(mtu, { link: 1500, tunnel: 1450, pod: 1500 });
  });
});
