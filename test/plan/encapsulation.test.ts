import assert from "node:assert/strict";
import { ENCAPSULATIONS, type Encapsulation } from "../../components/config";
import { ENCAPSULATION_FACTS, judge, routesNeedBgp, TUNNELS } from "../../components/plan";
import { planOf } from "../support/problems";
import { carriersOf } from "../support/verdicts";

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

/** How packets travel on the paths that cross between nodes, by whether both nodes are in one subnet. */
const CARRIERS: [Encapsulation, sameSubnet: string, crossSubnet: string, sameSubnetAs32: string][] = [
  ["IPIP", "tunl0, IP protocol 4", "tunl0, IP protocol 4", "tunl0, IP protocol 4"],
  ["IPIPCrossSubnet", "direct", "tunl0, IP protocol 4", "tunl0, IP protocol 4"],
  ["VXLAN", "vxlan.calico, UDP 4789", "vxlan.calico, UDP 4789", "vxlan.calico, UDP 4789"],
  ["VXLANCrossSubnet", "direct", "vxlan.calico, UDP 4789", "vxlan.calico, UDP 4789"],
  ["None", "direct", "direct", "direct"],
];

describe("the carrier of every path", () => {
  const carriers = (same: string, cross: string) => ({
    "same-node": "inside the node",
    "same-subnet": same,
    "cross-subnet": cross,
    "pod-to-node (same-subnet)": "with the node's address",
    "pod-to-node (cross-subnet)": "with the node's address",
    "node-to-pod (same-subnet)": same,
    "node-to-pod (cross-subnet)": cross,
    "pod-to-service (same-subnet)": same,
    "pod-to-service (cross-subnet)": cross,
    "client-to-nodeport (same-subnet)": same,
    "client-to-nodeport (cross-subnet)": cross,
    "client-to-nodeport (Local)": "to the node's own pod",
    "pod-to-internet": "with the node's address",
  });

  for (const [encapsulation, same, cross, sameAs32] of CARRIERS) {
    it(`is the documented one: ${encapsulation}`, () => {
      assert.deepEqual(carriersOf(judge(planOf({ encapsulation }))), carriers(same, cross));
    });

    // calico#4254: no address is in a /32 but the node's own, so CrossSubnet finds no node in its subnet.
    it(`is the tunnel, where there is one, if Calico records the nodes as /32: ${encapsulation}`, () => {
      for (const fabric of ["aws", "openstack", "plain"]) {
        const plan = planOf({ fabric, encapsulation, faults: ["node-as-32"] });
        assert.deepEqual(carriersOf(judge(plan)), carriers(sameAs32, cross), fabric);
      }
    });
  }
});
