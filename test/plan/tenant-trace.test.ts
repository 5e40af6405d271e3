/** Traces between pods and a tenant's instances, hop by hop, as `ip route` and Open vSwitch on the hosts show them. */
import assert from "node:assert/strict";
import { instanceRoutes, type ProbeName, trace } from "../../components/plan";
import { isTenant } from "../../components/plan/tenant";
import { hopsOf, pairAt } from "../support/hops";
import { planOf, type RawConfig } from "../support/problems";

const INSTANCE = { name: "vm1", host: "w1", address: "20.20.1.98" };
const tenants = (more: object = {}): RawConfig => ({
  tenants: { cidr: "20.20.1.0/24", instances: [INSTANCE], ports: ["w1", "w2"], ...more },
});

// Of the nodes' ports (tap), and of their first pods (cali).
const [W1_PORT, W2_PORT] = ["tap2f34ceea715", "tap95a0653b54c"];
const [CP1_POD, W1_POD, W2_POD, W3_POD] = [
  "calia18450e809d",
  "cali708505c810a",
  "cali62a06e86bd5",
  "cali6c53ffe63a1",
];
const FROM_POD = "default via 169.254.1.1 dev eth0";
const ADDS = "adds 50 bytes (IPv4 20, UDP 8, VXLAN 8, Ethernet 14)";
const ANSWER = "security group: an answer to a packet that has passed the other way";

/** A lab, a row, and the hops of its packet and of the answer. */
const TRACES: [title: string, raw: RawConfig, row: string, hops: string[]][] = [
  [
    "a pod to an instance on its own host, with the port's address",
    tenants(),
    "pod-to-tenant (same-node)",
    [
      `pod w1-1 >eth0: ${FROM_POD}, 84 ttl 64`,
      `kernel w1's kernel ${W1_POD}>${W1_PORT}: 20.20.1.0/24 dev ${W1_PORT}, 84 ttl 63`,
      "nat w1's kernel: natOutgoing: masquerade as 20.20.1.11, 84 ttl 63",
      "bridge br-int of w1: port security: 20.20.1.11 is the port's own address, 84 ttl 63",
      "bridge br-int of w1: security group: ICMP in, 84 ttl 63",
      "instance vm1 on w1 eth0>: delivered",
      "instance vm1 on w1 >eth0: answers, 84 ttl 64",
      `bridge br-int of w1: ${ANSWER}, 84 ttl 64`,
      "nat w1's kernel: answer: masquerading undone, to 172.16.0.65, 84 ttl 64",
      `kernel w1's kernel ${W1_PORT}>${W1_POD}: 172.16.0.65 dev ${W1_POD} scope link, 84 ttl 63`,
      "pod w1-1 eth0>: delivered",
    ],
  ],
  [
    "a pod to an instance on another host, in Neutron's VXLAN",
    tenants(),
    "pod-to-tenant (cross-subnet)",
    [
      `pod w2-1 >eth0: ${FROM_POD}, 84 ttl 64`,
      `kernel w2's kernel ${W2_POD}>${W2_PORT}: 20.20.1.0/24 dev ${W2_PORT}, 84 ttl 63`,
      "nat w2's kernel: natOutgoing: masquerade as 20.20.1.12, 84 ttl 63",
      "bridge br-int of w2: port security: 20.20.1.12 is the port's own address, 84 ttl 63",
      `tunnel vxlan-tenant of w2 vxlan-tenant>eth0: VXLAN 1001 (UDP 8472) to 10.0.3.11: ${ADDS}, 134 ttl 64`,
      "gateway router: route 10.0.3.0/24, to 10.0.3.11, 134 ttl 63",
      "tunnel vxlan-tenant of w1 eth0>vxlan-tenant: takes the outer header off, 84 ttl 63",
      "bridge br-int of w1: security group: ICMP in, 84 ttl 63",
      "instance vm1 on w1 eth0>: delivered",
      "instance vm1 on w1 >eth0: answers, 84 ttl 64",
      `tunnel vxlan-tenant of w1 vxlan-tenant>eth0: VXLAN 1001 (UDP 8472) to 10.0.4.10: ${ADDS}, 134 ttl 64`,
      "gateway router: route 10.0.4.0/24, to 10.0.4.10, 134 ttl 63",
      "tunnel vxlan-tenant of w2 eth0>vxlan-tenant: takes the outer header off, 84 ttl 64",
      `bridge br-int of w2: ${ANSWER}, 84 ttl 64`,
      "nat w2's kernel: answer: masquerading undone, to 172.16.0.129, 84 ttl 64",
      `kernel w2's kernel ${W2_PORT}>${W2_POD}: 172.16.0.129 dev ${W2_POD} scope link, 84 ttl 63`,
      "pod w2-1 eth0>: delivered",
    ],
  ],
  [
    "an instance to a pod, by a route of the subnet and an allowed address pair of the port",
    tenants({ podRoutes: true }),
    "tenant-to-pod (same-node)",
    [
      "instance vm1 on w1 >eth0: 172.16.0.64/26 via 20.20.1.11 dev eth0, 84 ttl 64",
      "bridge br-int of w1: security group: ICMP in, 84 ttl 64",
      `kernel w1's kernel ${W1_PORT}>${W1_POD}: 172.16.0.65 dev ${W1_POD} scope link, 84 ttl 63`,
      "pod w1-1 eth0>: delivered",
      `pod w1-1 >eth0: ${FROM_POD}, 84 ttl 64`,
      `kernel w1's kernel ${W1_POD}>${W1_PORT}: 20.20.1.0/24 dev ${W1_PORT}, 84 ttl 63`,
      "bridge br-int of w1: port security: 172.16.0.65 is in the port's allowed address pairs, 84 ttl 63",
      `bridge br-int of w1: ${ANSWER}, 84 ttl 63`,
      "instance vm1 on w1 eth0>: delivered",
    ],
  ],
  [
    "a pod on a node without a port, whose packet the gateway gets",
    tenants(),
    "pod-to-tenant (without port)",
    [
      `pod cp1-1 >eth0: ${FROM_POD}, 84 ttl 64`,
      `kernel cp1's kernel ${CP1_POD}>eth0: no port in 20.20.1.0/24: default via 10.0.3.1 dev eth0, 84 ttl 63`,
      "nat cp1's kernel: natOutgoing: masquerade as 10.0.3.10, 84 ttl 63",
      "gateway router: no route to 20.20.1.0/24: it knows the subnets only",
    ],
  ],
  [
    "a pod on a node without a port in another subnet, with that subnet's gateway",
    { ...tenants({ ports: ["cp1", "w1", "w2"] }), natOutgoing: false },
    "pod-to-tenant (without port)",
    [
      `pod w3-1 >eth0: ${FROM_POD}, 84 ttl 64`,
      `kernel w3's kernel ${W3_POD}>eth0: no port in 20.20.1.0/24: default via 10.0.4.1 dev eth0, 84 ttl 63`,
      "gateway router: no route to 20.20.1.0/24: it knows the subnets only",
    ],
  ],
  [
    "an instance to a pod, which the tenant's router does not know",
    tenants(),
    "tenant-to-pod (cross-subnet)",
    [
      "instance vm1 on w1 >eth0: default via 20.20.1.1 dev eth0, 84 ttl 64",
      "bridge br-int of w1: to the router 20.20.1.1, which knows no pod addresses",
    ],
  ],
  [
    "a pod's own address, which is not the port's",
    { ...tenants(), natOutgoing: false },
    "pod-to-tenant (same-node)",
    [
      `pod w1-1 >eth0: ${FROM_POD}, 84 ttl 64`,
      `kernel w1's kernel ${W1_POD}>${W1_PORT}: 20.20.1.0/24 dev ${W1_PORT}, 84 ttl 63`,
      "bridge br-int of w1: port security: 172.16.0.65 is not the port's address 20.20.1.11",
    ],
  ],
  [
    "a protocol that the security group does not let in",
    tenants({ podRoutes: true, securityGroup: ["tcp"] }),
    "tenant-to-pod (same-node)",
    [
      "instance vm1 on w1 >eth0: 172.16.0.64/26 via 20.20.1.11 dev eth0, 84 ttl 64",
      "bridge br-int of w1: security group: no rule ICMP in",
    ],
  ],
];

describe("a trace through a tenant network", () => {
  for (const [title, raw, row, hops] of TRACES)
    it(`shows every hop: ${title}`, () => assert.deepEqual(hopsOf(raw, row), hops));

  it("stops at the port where a packet with DF is a byte longer than Neutron's VXLAN leaves, which is 1450", () => {
    const plan = planOf({ ...tenants(), encapsulation: "None" });
    const pair = pairAt(plan, "pod-to-tenant (same-node)");
    const last = (size: number) => trace(plan, pair.from, pair.to, { protocol: "icmp", size });
    assert.equal(last(1450).outcome, "works");
    const { hops, failure } = last(1451);
    assert.equal(hops.at(-1)?.decision, `20.20.1.0/24 dev ${W1_PORT}, MTU 1450, and DF is set`);
    assert.deepEqual(hops.at(-1)?.device, { in: W1_POD });
    assert.match(failure?.cause ?? "", / is 1451 bytes with DF set, and tap2f34ceea715 of w1 carries 1450$/);
  });

  it("stops at a node's link that carries less, also on the way to the gateway", () => {
    const raw = { ...tenants(), encapsulation: "None", faults: ["link-mtu-smaller"] };
    const last = (row: string, probe: ProbeName) => hopsOf(raw, row, probe).at(-1);
    assert.equal(
      last("pod-to-tenant (without port)", "full-MTU"),
      "link cp1's link: carries at most 1400 bytes",
    );
    assert.equal(
      last("pod-to-tenant (cross-subnet)", "full-MTU"),
      "link w2's link: carries at most 1400 bytes",
    );
    assert.equal(
      last("pod-to-tenant (without port)", "ICMP"),
      "gateway router: no route to 20.20.1.0/24: it knows the subnets only",
    );
  });
});

describe("a node's link on the way to the gateway", () => {
  it("carries a packet of exactly its length, and is where a longer one is lost", () => {
    const plan = planOf({ ...tenants(), encapsulation: "None", faults: ["link-mtu-smaller"] });
    const pair = pairAt(plan, "pod-to-tenant (without port)");
    const lost = (size: number) => trace(plan, pair.from, pair.to, { protocol: "icmp", size }).failure;
    assert.equal(lost(1400)?.hop, "router");
    assert.deepEqual([lost(1401)?.hop, lost(1401)?.fault], ["cp1's link", "link-mtu-smaller"]);
  });
});

describe("a tenant network's range and group", () => {
  it("are those of the config, and by default let in ping, TCP and UDP", () => {
    const plan = planOf(tenants());
    assert.deepEqual(plan.tenant?.group, ["icmp", "tcp", "udp"]);
    assert.deepEqual(planOf(tenants({ securityGroup: ["udp"] })).tenant?.group, ["udp"]);
    assert.deepEqual([plan.tenant?.prefix, plan.tenant?.gateway], [24, "20.20.1.1"]);
  });

  it("have the addresses of instances and ports, and no pod's", () => {
    const plan = planOf(tenants());
    assert.deepEqual(
      ["20.20.1.98", "20.20.2.1", "172.16.0.1"].map((address) => isTenant(plan, address)),
      [true, false, false],
    );
    assert.equal(isTenant(planOf({}), "20.20.1.98"), false);
  });
});

describe("the ports of a tenant network", () => {
  const portsIn = (cidr: string, address: string) =>
    planOf(tenants({ cidr, instances: [{ ...INSTANCE, address }] })).tenant?.ports.map(
      (port) => port.address,
    );

  it("begin behind Neutron's own, and in a small range directly behind the router's", () => {
    assert.deepEqual(portsIn("20.20.1.64/26", "20.20.1.98"), ["20.20.1.75", "20.20.1.76"]);
    assert.deepEqual(portsIn("20.20.1.96/27", "20.20.1.98"), ["20.20.1.99", "20.20.1.100"]);
  });
});

describe("the routes of an instance", () => {
  it("are its router's alone, or also one to the pods of each node with a port", () => {
    assert.deepEqual(instanceRoutes(planOf(tenants())), ["default via 20.20.1.1 dev eth0"]);
    assert.deepEqual(instanceRoutes(planOf(tenants({ podRoutes: true }))), [
      "default via 20.20.1.1 dev eth0",
      "172.16.0.64/26 via 20.20.1.11 dev eth0",
      "172.16.0.128/26 via 20.20.1.12 dev eth0",
    ]);
    assert.deepEqual(instanceRoutes(planOf({})), []);
  });
});
