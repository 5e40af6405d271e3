/** Where a packet between nodes is lost, by what, and whose fault that is: every field of the drop. */
import assert from "node:assert/strict";
import { type ProbeName, predict, rowsOf } from "../../components/plan";
import { planOf, type RawConfig } from "../support/problems";

const TWO_SITES: RawConfig = {
  topology: [
    { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] },
    { name: "b", cidr: "10.0.4.0/24", nodes: ["w2"] },
  ],
  sites: [
    { name: "a", subnets: ["a"] },
    { name: "b", subnets: ["b"] },
  ],
};
const ROUTER: RawConfig = { fabric: "plain", encapsulation: "None", podRoutes: "bgp" };

/** A lab, a row of its verdict, a probe, and what `predict` returns. */
const CASES: [title: string, raw: RawConfig, row: string, probe: ProbeName, drop: object | undefined][] = [
  [
    "a link that is down loses what would be in the tunnel, although BIRD has no session over it either",
    { ...TWO_SITES, encapsulation: "IPIP", faults: ["ipsec-psk-mismatch"] },
    "cross-site",
    "ICMP",
    {
      cause: "link",
      hop: "ipsec0 of router-a",
      fault: "ipsec-psk-mismatch",
      packet: "172.16.0.1 > 172.16.0.129 (ICMP)",
      onReturn: false,
    },
  ],
  [
    "closed BGP keeps BIRD from programming the route, and the tunnel's selectors do not take the pods' packets",
    { ...TWO_SITES, encapsulation: "IPIP", faults: ["bgp-blocked"] },
    "cross-site",
    "ICMP",
    {
      cause: "no-bgp-route",
      hop: "ipsec0 of router-a",
      rule: "bgp",
      fault: "bgp-blocked",
      packet: "172.16.0.1 > 172.16.0.129 (ICMP)",
      onReturn: false,
    },
  ],
  [
    "without a route the gateway gets the packet, and knows no pods",
    { fabric: "aws", encapsulation: "IPIP", faults: ["bgp-blocked"] },
    "node-to-pod (cross-subnet)",
    "TCP",
    {
      cause: "no-bgp-route",
      hop: "VPC router",
      rule: "bgp",
      fault: "bgp-blocked",
      packet: "10.0.3.10 > 172.16.0.129 (TCP 8080)",
      onReturn: false,
    },
  ],
  [
    "no node tells the others of its pods with disableBGPExport, which is no fault",
    { ...ROUTER, peering: { disableBGPExport: true } },
    "same-subnet",
    "ICMP",
    {
      cause: "no-bgp-route",
      hop: "router",
      rule: "bgp",
      fault: undefined,
      packet: "172.16.0.1 > 172.16.0.65 (ICMP)",
      onReturn: false,
    },
  ],
  [
    "the answer of a node whose BIRD is down is lost on its way to it",
    {
      ...ROUTER,
      bgp: "routeReflectors",
      routeReflectors: ["w1", "w2"],
      faults: [{ fault: "reflector-down", nodes: ["w1"] }],
    },
    "same-subnet from w1",
    "ICMP",
    {
      cause: "no-bgp-route",
      hop: "router",
      rule: "bgp",
      fault: "reflector-down",
      packet: "172.16.0.1 > 172.16.0.65 (ICMP)",
      onReturn: true,
    },
  ],
  [
    "a router with BIRD has the way to the pods of a node without a session to the others",
    { ...ROUTER, faults: [{ fault: "bgp-blocked", nodes: ["w2"] }] },
    "same-subnet from/to w2",
    "ICMP",
    undefined,
  ],
  [
    "a tunnel with too large an MTU loses the packet at its own device, which says how long it may be",
    { fabric: "plain", encapsulation: "VXLAN", faults: ["mtu-too-big"] },
    "cross-subnet",
    "full-MTU",
    {
      cause: "mtu",
      hop: "vxlan.calico of cp1",
      fault: "mtu-too-big",
      mtu: { size: 1500, limit: 1450 },
      packet: "172.16.0.1 > 172.16.0.129 (ICMP)",
      onReturn: false,
    },
  ],
  [
    "a tunnel from a wrong address is not answered",
    {
      fabric: "plain",
      encapsulation: "VXLAN",
      faults: [{ fault: "node-ip-wrong-interface", nodes: ["cp1"] }],
    },
    "cross-subnet from cp1",
    "ICMP",
    {
      cause: "host",
      hop: "router",
      fault: "node-ip-wrong-interface",
      packet: "10.0.4.10 > 10.8.0.1 (UDP 4789)",
      onReturn: true,
    },
  ],
];

describe("a packet between nodes", () => {
  for (const [title, raw, row, probe, drop] of CASES)
    it(`${title}: ${row}, ${probe}`, () => {
      const plan = planOf(raw);
      const { rows } = rowsOf(plan);
      const { pair } =
        rows.find(({ key }) => key === row) ?? assert.fail(`of ${rows.map(({ key }) => key).join("; ")}`);
      const found = predict(plan, pair, probe);
      assert.deepEqual(found && { fault: undefined, ...found }, drop);
    });
});
