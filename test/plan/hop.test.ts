/** What each hop of a trace says and does, literally: as `ip route`, `nft` and the clouds have it. */
import assert from "node:assert/strict";
import { type ProbeName, trace } from "../../components/plan";
import { hopsOf, rewritesOf } from "../support/hops";
import { planOf, type RawConfig } from "../support/problems";

// Of the nodes' first pods.
const CP1_POD = "calia18450e809d";
const W1_POD = "cali708505c810a";
const W2_POD = "cali62a06e86bd5";
const FROM_POD = "default via 169.254.1.1 dev eth0";
const VXLAN = "adds 50 bytes (IPv4 20, UDP 8, VXLAN 8, Ethernet 14)";

/** A lab, a row and its probe, and the hops of the packet and of the answer. */
const TRACES: [title: string, raw: RawConfig, row: [key: string, probe: ProbeName], hops: string[]][] = [
  [
    "a route to the block by the peer, in the same subnet",
    { encapsulation: "IPIPCrossSubnet" },
    ["same-subnet", "ICMP"],
    [
      `pod cp1-1 >eth0: ${FROM_POD}, 84 ttl 64`,
      `kernel cp1's kernel ${CP1_POD}>eth0: 172.16.0.64/26 via 10.0.3.11 dev eth0, 84 ttl 63`,
      `kernel w1's kernel eth0>${W1_POD}: 172.16.0.65 dev ${W1_POD} scope link, 84 ttl 62`,
      "pod w1-1 eth0>: delivered",
      `pod w1-1 >eth0: ${FROM_POD}, 84 ttl 64`,
      `kernel w1's kernel ${W1_POD}>eth0: 172.16.0.0/26 via 10.0.3.10 dev eth0, 84 ttl 63`,
      `kernel cp1's kernel eth0>${CP1_POD}: 172.16.0.1 dev ${CP1_POD} scope link, 84 ttl 62`,
      "pod cp1-1 eth0>: delivered",
    ],
  ],
  [
    "IP in IP through Neutron's ports, router and group",
    { encapsulation: "IPIP", fabric: "openstack" },
    ["cross-subnet", "ICMP"],
    [
      `pod cp1-1 >eth0: ${FROM_POD}, 84 ttl 64`,
      `kernel cp1's kernel ${CP1_POD}>tunl0: 172.16.0.128/26 via 10.0.4.10 dev tunl0 onlink, 84 ttl 63`,
      "tunnel tunl0 of cp1 tunl0>ens3: IP protocol 4 to 10.0.4.10: adds 20 bytes (IPv4), 104 ttl 63",
      "port cp1's port: port security: 10.0.3.10 is the port's own address, 104 ttl 63",
      "gateway Neutron router: route 10.0.4.0/24, to 10.0.4.10, 104 ttl 62",
      "port w2's port: port security: 10.0.4.10 is the port's own address, 104 ttl 62",
      "security-group w2's security group: ipip: IP protocol 4 from nodes, 104 ttl 62",
      "tunnel tunl0 of w2 ens3>tunl0: takes the outer header off, 84 ttl 63",
      `kernel w2's kernel tunl0>${W2_POD}: 172.16.0.129 dev ${W2_POD} scope link, 84 ttl 62`,
      "pod w2-1 eth0>: delivered",
      `pod w2-1 >eth0: ${FROM_POD}, 84 ttl 64`,
      `kernel w2's kernel ${W2_POD}>tunl0: 172.16.0.0/26 via 10.0.3.10 dev tunl0 onlink, 84 ttl 63`,
      "tunnel tunl0 of w2 tunl0>ens3: IP protocol 4 to 10.0.3.10: adds 20 bytes (IPv4), 104 ttl 63",
      "port w2's port: port security: 10.0.4.10 is the port's own address, 104 ttl 63",
      "gateway Neutron router: route 10.0.3.0/24, to 10.0.3.10, 104 ttl 62",
      "port cp1's port: port security: 10.0.3.10 is the port's own address, 104 ttl 62",
      "security-group cp1's security group: an answer to a packet that has passed the other way, 104 ttl 62",
      "tunnel tunl0 of cp1 ens3>tunl0: takes the outer header off, 84 ttl 63",
      `kernel cp1's kernel tunl0>${CP1_POD}: 172.16.0.1 dev ${CP1_POD} scope link, 84 ttl 62`,
      "pod cp1-1 eth0>: delivered",
    ],
  ],
  [
    "VXLAN from a node, with the address of its end of the tunnel",
    { encapsulation: "VXLANCrossSubnet" },
    ["node-to-pod (cross-subnet)", "ICMP"],
    [
      "node cp1: takes the source address 172.16.0.0, 84 ttl 64",
      "kernel cp1's kernel >vxlan.calico: 172.16.0.128/26 via 172.16.0.128 dev vxlan.calico onlink, 84 ttl 64",
      `tunnel vxlan.calico of cp1 vxlan.calico>eth0: VXLAN 4096 (UDP 4789) to 10.0.4.10: ${VXLAN}, 134 ttl 64`,
      "gateway router: route 10.0.4.0/24, to 10.0.4.10, 134 ttl 63",
      "tunnel vxlan.calico of w2 eth0>vxlan.calico: takes the outer header off, 84 ttl 64",
      `kernel w2's kernel vxlan.calico>${W2_POD}: 172.16.0.129 dev ${W2_POD} scope link, 84 ttl 63`,
      "pod w2-1 eth0>: delivered",
      `pod w2-1 >eth0: ${FROM_POD}, 84 ttl 64`,
      `kernel w2's kernel ${W2_POD}>vxlan.calico: 172.16.0.0/26 via 172.16.0.0 dev vxlan.calico onlink, 84 ttl 63`,
      `tunnel vxlan.calico of w2 vxlan.calico>eth0: VXLAN 4096 (UDP 4789) to 10.0.3.10: ${VXLAN}, 134 ttl 64`,
      "gateway router: route 10.0.3.0/24, to 10.0.3.10, 134 ttl 63",
      "tunnel vxlan.calico of cp1 eth0>vxlan.calico: takes the outer header off, 84 ttl 63",
      "node cp1 vxlan.calico>: delivered: 172.16.0.0 is its own",
    ],
  ],
  [
    "a node's own address to a pod in its subnet",
    {},
    ["node-to-pod (same-subnet)", "ICMP"],
    [
      "node cp1: takes the source address 10.0.3.10, 84 ttl 64",
      "kernel cp1's kernel >eth0: 172.16.0.64/26 via 10.0.3.11 dev eth0, 84 ttl 64",
      `kernel w1's kernel eth0>${W1_POD}: 172.16.0.65 dev ${W1_POD} scope link, 84 ttl 63`,
      "pod w1-1 eth0>: delivered",
      `pod w1-1 >eth0: ${FROM_POD}, 84 ttl 64`,
      `kernel w1's kernel ${W1_POD}>eth0: 10.0.3.0/24 dev eth0, 84 ttl 63`,
      "node cp1 eth0>: delivered: 10.0.3.10 is its own",
    ],
  ],
  [
    "a Service, whose address kube-proxy rewrites and puts back",
    {},
    ["pod-to-service (same-subnet)", "TCP"],
    [
      `pod cp1-1 >eth0: ${FROM_POD}, 60 ttl 64`,
      "kube-proxy cp1's kube-proxy: 10.96.0.11:80 is 172.16.0.65:8080, 60 ttl 64",
      `kernel cp1's kernel ${CP1_POD}>eth0: 172.16.0.64/26 via 10.0.3.11 dev eth0, 60 ttl 63`,
      `kernel w1's kernel eth0>${W1_POD}: 172.16.0.65 dev ${W1_POD} scope link, 60 ttl 62`,
      "pod w1-1 eth0>: delivered",
      `pod w1-1 >eth0: ${FROM_POD}, 60 ttl 64`,
      `kernel w1's kernel ${W1_POD}>eth0: 172.16.0.0/26 via 10.0.3.10 dev eth0, 60 ttl 63`,
      "kube-proxy cp1's kube-proxy: answer: the source becomes 10.96.0.11:80 again, 60 ttl 63",
      `kernel cp1's kernel eth0>${CP1_POD}: 172.16.0.1 dev ${CP1_POD} scope link, 60 ttl 62`,
      "pod cp1-1 eth0>: delivered",
    ],
  ],
  [
    "a Service of CoreDNS that has no endpoint",
    { faults: ["dns-loop"] },
    ["pod-to-service (same-subnet)", "UDP"],
    [
      `pod cp1-1 >eth0: ${FROM_POD}, 84 ttl 64`,
      "kube-proxy cp1's kube-proxy: no endpoint for 10.96.0.11:53: rejects the packet",
    ],
  ],
  [
    "a NodePort, whose node becomes the source",
    {},
    ["client-to-nodeport (cross-subnet)", "TCP"],
    [
      "node cp1: takes the source address 10.0.3.10, 60 ttl 64",
      "kernel cp1's kernel >eth0: default via 10.0.3.1 dev eth0, 60 ttl 64",
      "gateway router: route 10.0.4.0/24, to 10.0.4.10, 60 ttl 63",
      "kube-proxy w2's kube-proxy: 10.0.4.10:30000 is 172.16.0.65:8080; the source becomes the node's 172.16.0.128, 60 ttl 63",
      "kernel w2's kernel eth0>vxlan.calico: 172.16.0.64/26 via 172.16.0.64 dev vxlan.calico onlink, 60 ttl 62",
      `tunnel vxlan.calico of w2 vxlan.calico>eth0: VXLAN 4096 (UDP 4789) to 10.0.3.11: ${VXLAN}, 110 ttl 64`,
      "gateway router: route 10.0.3.0/24, to 10.0.3.11, 110 ttl 63",
      "tunnel vxlan.calico of w1 eth0>vxlan.calico: takes the outer header off, 60 ttl 62",
      `kernel w1's kernel vxlan.calico>${W1_POD}: 172.16.0.65 dev ${W1_POD} scope link, 60 ttl 61`,
      "pod w1-1 eth0>: delivered",
      `pod w1-1 >eth0: ${FROM_POD}, 60 ttl 64`,
      `kernel w1's kernel ${W1_POD}>vxlan.calico: 172.16.0.128/26 via 172.16.0.128 dev vxlan.calico onlink, 60 ttl 63`,
      `tunnel vxlan.calico of w1 vxlan.calico>eth0: VXLAN 4096 (UDP 4789) to 10.0.4.10: ${VXLAN}, 110 ttl 64`,
      "gateway router: route 10.0.4.0/24, to 10.0.4.10, 110 ttl 63",
      "tunnel vxlan.calico of w2 eth0>vxlan.calico: takes the outer header off, 60 ttl 63",
      "kube-proxy w2's kube-proxy: answer: the source becomes 10.0.4.10:30000 again, 60 ttl 63",
      "kernel w2's kernel >eth0: default via 10.0.4.1 dev eth0, 60 ttl 62",
      "gateway router: route 10.0.3.0/24, to 10.0.3.10, 60 ttl 61",
      "node cp1 eth0>: delivered: 10.0.3.10 is its own",
    ],
  ],
  [
    "a NodePort with the policy Local, whose pod sees the client",
    {},
    ["client-to-nodeport (Local)", "TCP"],
    [
      "node cp1: takes the source address 10.0.3.10, 60 ttl 64",
      "kernel cp1's kernel >eth0: 10.0.3.0/24 dev eth0, 60 ttl 64",
      "kube-proxy w1's kube-proxy: 10.0.3.11:31000 is 172.16.0.65:8080; the source stays, 60 ttl 64",
      `kernel w1's kernel eth0>${W1_POD}: 172.16.0.65 dev ${W1_POD} scope link, 60 ttl 63`,
      "pod w1-1 eth0>: delivered",
      `pod w1-1 >eth0: ${FROM_POD}, 60 ttl 64`,
      "kube-proxy w1's kube-proxy: answer: the source becomes 10.0.3.11:31000 again, 60 ttl 64",
      "kernel w1's kernel >eth0: 10.0.3.0/24 dev eth0, 60 ttl 63",
      "node cp1 eth0>: delivered: 10.0.3.10 is its own",
    ],
  ],
  [
    "the internet, by way of the node's and the gateway's NAT",
    {},
    ["pod-to-internet", "ICMP"],
    [
      `pod cp1-1 >eth0: ${FROM_POD}, 84 ttl 64`,
      `kernel cp1's kernel ${CP1_POD}>eth0: default via 10.0.3.1 dev eth0, 84 ttl 63`,
      "nat cp1's kernel: natOutgoing: masquerade as 10.0.3.10, 84 ttl 63",
      "gateway router: default route; SNAT from 10.0.3.10 to its public address, 84 ttl 62",
      "internet the internet: delivered",
      "internet the internet: answers, 84 ttl 64",
      "gateway router: answer: SNAT undone, to 10.0.3.10, 84 ttl 63",
      "nat cp1's kernel: answer: masquerading undone, to 172.16.0.1, 84 ttl 63",
      `kernel cp1's kernel eth0>${CP1_POD}: 172.16.0.1 dev ${CP1_POD} scope link, 84 ttl 62`,
      "pod cp1-1 eth0>: delivered",
    ],
  ],
  [
    "the internet without natOutgoing: no way back",
    { natOutgoing: false },
    ["pod-to-internet", "ICMP"],
    [
      `pod cp1-1 >eth0: ${FROM_POD}, 84 ttl 64`,
      `kernel cp1's kernel ${CP1_POD}>eth0: default via 10.0.3.1 dev eth0, 84 ttl 63`,
      "gateway router: default route; no SNAT for a pod's address, 84 ttl 62",
      "internet the internet: no route back to 172.16.0.1",
    ],
  ],
  [
    "a gateway that has no routes to pods",
    { encapsulation: "None" },
    ["cross-subnet", "ICMP"],
    [
      `pod cp1-1 >eth0: ${FROM_POD}, 84 ttl 64`,
      `kernel cp1's kernel ${CP1_POD}>eth0: 172.16.0.128/26 via 10.0.3.1 dev eth0, 84 ttl 63`,
      "gateway router: no route to 172.16.0.129: it knows the subnets only",
    ],
  ],
  [
    "a node without BIRD's routes: by its default route",
    { encapsulation: "None", faults: ["bgp-blocked"] },
    ["same-subnet", "ICMP"],
    [
      `pod cp1-1 >eth0: ${FROM_POD}, 84 ttl 64`,
      `kernel cp1's kernel ${CP1_POD}>eth0: no route to 172.16.0.64/26: default via 10.0.3.1 dev eth0, 84 ttl 63`,
      "firewall cp1's firewall >eth0: no rule drops it, 84 ttl 63",
      "gateway router: no route to 172.16.0.65: it knows the subnets only",
    ],
  ],
  [
    "a node that does not forward",
    { faults: ["ip-forward-off"] },
    ["same-subnet", "ICMP"],
    [`pod cp1-1 >eth0: ${FROM_POD}, 84 ttl 64`, `kernel cp1's kernel ${CP1_POD}>: net.ipv4.ip_forward is 0`],
  ],
  [
    "a node's firewall that drops VXLAN",
    { encapsulation: "VXLAN", faults: [{ fault: "vxlan-blocked", nodes: ["w2"] }] },
    ["cross-subnet to w2", "ICMP"],
    [
      `pod cp1-1 >eth0: ${FROM_POD}, 84 ttl 64`,
      `kernel cp1's kernel ${CP1_POD}>vxlan.calico: 172.16.0.128/26 via 172.16.0.128 dev vxlan.calico onlink, 84 ttl 63`,
      `tunnel vxlan.calico of cp1 vxlan.calico>eth0: VXLAN 4096 (UDP 4789) to 10.0.4.10: ${VXLAN}, 134 ttl 64`,
      "gateway router: route 10.0.4.0/24, to 10.0.4.10, 134 ttl 63",
      "firewall w2's firewall eth0>: drops vxlan: UDP 4789 from nodes",
    ],
  ],
  [
    "a node's firewall that rejects",
    { faults: ["host-firewall-reject"] },
    ["pod-to-node (same-subnet)", "TCP"],
    [
      `pod cp1-1 >eth0: ${FROM_POD}, 60 ttl 64`,
      `kernel cp1's kernel ${CP1_POD}>eth0: 10.0.3.0/24 dev eth0, 60 ttl 63`,
      "nat cp1's kernel: natOutgoing: masquerade as 10.0.3.10, 60 ttl 63",
      "firewall cp1's firewall >eth0: no rule drops it, 60 ttl 63",
      "firewall w1's firewall eth0>: rejects all but ICMP, SSH and answers",
    ],
  ],
  [
    "a security group without a rule for VXLAN",
    { encapsulation: "VXLAN", fabric: "aws", faults: ["vxlan-blocked"] },
    ["cross-subnet", "ICMP"],
    [
      `pod cp1-1 >eth0: ${FROM_POD}, 84 ttl 64`,
      `kernel cp1's kernel ${CP1_POD}>vxlan.calico: 172.16.0.128/26 via 172.16.0.128 dev vxlan.calico onlink, 84 ttl 63`,
      `tunnel vxlan.calico of cp1 vxlan.calico>ens5: VXLAN 4096 (UDP 4789) to 10.0.4.10: ${VXLAN}, 134 ttl 64`,
      "port cp1's port: the source/dest check: 10.0.3.10 is the port's own address, 134 ttl 64",
      "gateway VPC router: route 10.0.4.0/24, to 10.0.4.10, 134 ttl 63",
      "port w2's port: the source/dest check: 10.0.4.10 is the port's own address, 134 ttl 63",
      "security-group w2's security group: no rule vxlan: UDP 4789 from nodes",
    ],
  ],
  [
    "EC2's check of addresses, at the sender's port",
    { encapsulation: "None", fabric: "aws", faults: ["source-dest-check"] },
    ["same-subnet", "ICMP"],
    [
      `pod cp1-1 >eth0: ${FROM_POD}, 84 ttl 64`,
      `kernel cp1's kernel ${CP1_POD}>ens5: 172.16.0.64/26 via 10.0.3.11 dev ens5, 84 ttl 63`,
      "port cp1's port: the source/dest check: 172.16.0.1 is not the port's address",
    ],
  ],
  [
    "a packet that is too long for the tunnel",
    { encapsulation: "VXLAN", faults: ["mtu-too-big"] },
    ["cross-subnet", "full-MTU"],
    [
      `pod cp1-1 >eth0: ${FROM_POD}, 1500 ttl 64`,
      `kernel cp1's kernel ${CP1_POD}>vxlan.calico: 172.16.0.128/26 via 172.16.0.128 dev vxlan.calico onlink, 1500 ttl 63`,
      "tunnel vxlan.calico of cp1 vxlan.calico>: MTU 1450, and DF is set",
    ],
  ],
  [
    "a packet that is too long for the node's link",
    { encapsulation: "VXLAN", faults: ["link-mtu-smaller"] },
    ["cross-subnet", "full-MTU"],
    [
      `pod cp1-1 >eth0: ${FROM_POD}, 1450 ttl 64`,
      `kernel cp1's kernel ${CP1_POD}>vxlan.calico: 172.16.0.128/26 via 172.16.0.128 dev vxlan.calico onlink, 1450 ttl 63`,
      `tunnel vxlan.calico of cp1 vxlan.calico>eth0: VXLAN 4096 (UDP 4789) to 10.0.4.10: ${VXLAN}, 1500 ttl 64`,
      "link cp1's link: carries at most 1400 bytes",
    ],
  ],
  [
    "a packet that is too long for a silent gateway",
    { encapsulation: "VXLAN", faults: ["mtu-black-hole"] },
    ["cross-subnet", "full-MTU"],
    [
      `pod cp1-1 >eth0: ${FROM_POD}, 1450 ttl 64`,
      `kernel cp1's kernel ${CP1_POD}>vxlan.calico: 172.16.0.128/26 via 172.16.0.128 dev vxlan.calico onlink, 1450 ttl 63`,
      `tunnel vxlan.calico of cp1 vxlan.calico>eth0: VXLAN 4096 (UDP 4789) to 10.0.4.10: ${VXLAN}, 1500 ttl 64`,
      `gateway router: carries at most 1400 bytes, and sends no "fragmentation needed"`,
    ],
  ],
];

describe("the hops of a trace", () => {
  for (const [title, raw, [key, probe], hops] of TRACES)
    it(`are: ${title}`, () => assert.deepEqual(hopsOf(raw, key, probe), hops));

  it("are the same for a source of which only name, node and address are given", () => {
    const plan = planOf({});
    const [, w1, w2] = plan.nodes;
    const [pod, other] = [w1?.pods[1], w2?.pods[0]];
    assert.ok(w2 && pod && other);
    const { name, node, address } = pod;
    const to = { kind: "pod", pod: other, node: w2 } as const;
    const ping = { protocol: "icmp", size: 84 } as const;
    assert.deepEqual(trace(plan, { name, node, address }, to, ping).hops, trace(plan, pod, to, ping).hops);
  });

  it("end at the pod's own device for a packet that is longer than its MTU", () => {
    const plan = planOf({ encapsulation: "IPIP" });
    const [, w1, w2] = plan.nodes;
    assert.ok(w1?.pods[0] && w2?.pods[0]);
    const to = { kind: "pod", pod: w2.pods[0], node: w2 } as const;
    const last = trace(plan, w1.pods[0], to, { protocol: "icmp", size: 1481 }).hops.at(-1);
    assert.deepEqual(
      [last?.kind, last?.name, last?.node, last?.device, last?.decision],
      ["link", "eth0 of w1-1", "w1", { out: "eth0" }, "MTU 1480, and DF is set"],
    );
  });
});

/** A row, and who makes or rewrites the addresses and ports of its packets. */
const REWRITES: [title: string, row: [key: string, probe: ProbeName], rewrites: string[]][] = [
  [
    "a pod's packet in a tunnel",
    ["cross-subnet", "TCP"],
    ["cp1-1: 172.16.0.1 > 172.16.0.129:8080", "w2-1: 172.16.0.129:8080 > 172.16.0.1"],
  ],
  [
    "a Service's",
    ["pod-to-service (same-subnet)", "TCP"],
    [
      "cp1-1: 172.16.0.1 > 10.96.0.11:80",
      "cp1's kube-proxy: 172.16.0.1 > 172.16.0.65:8080",
      "w1-1: 172.16.0.65:8080 > 172.16.0.1",
      "cp1's kube-proxy: 10.96.0.11:80 > 172.16.0.1",
    ],
  ],
  [
    "a NodePort's, with the address of the tunnel",
    ["client-to-nodeport (cross-subnet)", "TCP"],
    [
      "cp1: 10.0.3.10 > 10.0.4.10:30000",
      "w2's kube-proxy: 172.16.0.128 > 172.16.0.65:8080",
      "w1-1: 172.16.0.65:8080 > 172.16.0.128",
      "w2's kube-proxy: 10.0.4.10:30000 > 10.0.3.10",
    ],
  ],
  [
    "a NodePort's with the policy Local, with the client's own address",
    ["client-to-nodeport (Local)", "TCP"],
    [
      "cp1: 10.0.3.10 > 10.0.3.11:31000",
      "w1's kube-proxy: 10.0.3.10 > 172.16.0.65:8080",
      "w1-1: 172.16.0.65:8080 > 10.0.3.10",
      "w1's kube-proxy: 10.0.3.11:31000 > 10.0.3.10",
    ],
  ],
  [
    "a node's",
    ["pod-to-node (same-subnet)", "TCP"],
    [
      "cp1-1: 172.16.0.1 > 10.0.3.11:10250",
      "cp1's kernel: 10.0.3.10 > 10.0.3.11:10250",
      "w1: 10.0.3.11:10250 > 10.0.3.10",
      "cp1's kernel: 10.0.3.11:10250 > 172.16.0.1",
    ],
  ],
  [
    "the internet's",
    ["pod-to-internet", "TCP"],
    [
      "cp1-1: 172.16.0.1 > 203.0.113.10:443",
      "cp1's kernel: 10.0.3.10 > 203.0.113.10:443",
      "router: 203.0.113.1 > 203.0.113.10:443",
      "the internet: 203.0.113.10:443 > 203.0.113.1",
      "router: 203.0.113.10:443 > 10.0.3.10",
      "cp1's kernel: 203.0.113.10:443 > 172.16.0.1",
    ],
  ],
];

describe("the addresses and ports in a trace", () => {
  for (const [title, [key, probe], rewrites] of REWRITES)
    it(`are rewritten there and put back in the answer: ${title}`, () =>
      assert.deepEqual(rewritesOf({ encapsulation: "VXLANCrossSubnet" }, key, probe), rewrites));
});
