/** What the verdict says of each kind of loss: where, why, and the way out, in literal sentences. */
import assert from "node:assert/strict";
import type { Fault } from "../../components/config";
import { FAULT_FACTS, judge, rowKey } from "../../components/plan";
import { planOf, type RawConfig } from "../support/problems";

/** Three machines of somebody else's network, two of them in one subnet. */
const MACHINES = {
  machines: ["192.0.2.1", "192.0.2.2", "198.51.100.2"].map((address, i) => ({
    name: `m${i}`,
    address,
    subnet: address.startsWith("192") ? "192.0.2.0/24" : "198.51.100.0/24",
  })),
};

/** One probe of a lab, e.g. `same-subnet TCP`, and what is said of its loss. */
type Row = [title: string, raw: RawConfig, probe: string, hop: string, cause: RegExp, fix: string];

const SOURCE = "a pod's address is not the node's own";
const LAYER2 = /drops the packet \S+ > \S+ \(ICMP\)$/;

const LOSSES: Row[] = [
  [
    "a tunnel that the group does not know",
    { cloud: "aws", encapsulation: "IPIP", faults: ["ipip-blocked"] },
    "same-subnet ICMP",
    "w1's security group",
    /^the security group has no rule for the packet 10\.0\.3\.10 > 10\.0\.3\.11 \(IP protocol 4\)$/,
    "take ipip-blocked out of faults: allow IP protocol 4 (not 94) from the group",
  ],
  [
    "a port that the group does not know",
    { cloud: "aws", encapsulation: "VXLAN", faults: ["vxlan-blocked"] },
    "cross-subnet TCP",
    "w2's security group",
    /^the security group has no rule for the packet 10\.0\.3\.10 > 10\.0\.4\.10 \(UDP 4789\)$/,
    "take vxlan-blocked out of faults: allow UDP 4789 from the group",
  ],
  [
    "pod addresses that the group does not know",
    { cloud: "aws", encapsulation: "None", podRoutes: true, faults: ["pod-cidr-blocked"] },
    "same-subnet TCP",
    "w1's security group",
    /^the security group has no rule for the packet 172\.16\.\S+ > 172\.16\.\S+ \(TCP 8080\)$/,
    "take pod-cidr-blocked out of faults: allow all protocols from the pod CIDR (a rule that names the group does not match pod addresses)",
  ],
  [
    "a node's own firewall",
    { encapsulation: "VXLAN", faults: ["vxlan-blocked"] },
    "same-subnet ICMP",
    "w1's firewall",
    /^the node's own firewall drops the packet \S+ > \S+ \(UDP 4789\)$/,
    "take vxlan-blocked out of faults: allow UDP 4789 from the other nodes in it",
  ],
  [
    "no BGP, with a group",
    { cloud: "aws", encapsulation: "IPIP", faults: ["bgp-blocked"] },
    "cross-subnet ICMP",
    "cp1's port",
    /^BGP is not established, so no node has a route to another's block, and the packet .* follows the default route, where it is lost$/,
    "take bgp-blocked out of faults: allow TCP 179 from the group, or use VXLAN, whose routes need no BGP",
  ],
  [
    "no BGP between two nodes, with firewalls of their own",
    { encapsulation: "IPIP", faults: [{ fault: "bgp-blocked", nodes: ["w1"] }] },
    "cross-subnet from/to w1 ICMP",
    "router",
    /^BGP is not established between the two nodes, so neither has a route to the other's block, and/,
    "take bgp-blocked out of faults: allow TCP 179 from the other nodes, or use VXLAN, whose routes need no BGP",
  ],
  [
    "anti-spoofing of pods, where both tunnels can be had",
    { cloud: "aws", encapsulation: "None", faults: ["source-dest-check"] },
    "same-subnet ICMP",
    "cp1's port",
    /^the source\/dest check drops the packet \S+ > \S+ \(ICMP\): a pod's address is not the node's own$/,
    "take source-dest-check out of faults: turn the instance's source/dest check off, or use IPIP or VXLAN, which tunnel this path",
  ],
  [
    "anti-spoofing of pods, where BGP is off, so that only VXLAN can be had",
    { fabric: "aws", encapsulation: "VXLANCrossSubnet", bgp: "Disabled", faults: ["source-dest-check"] },
    "same-subnet ICMP",
    "cp1's port",
    new RegExp(SOURCE),
    "take source-dest-check out of faults: turn the instance's source/dest check off, or use VXLAN, which tunnels this path",
  ],
  [
    "anti-spoofing of pods, where the fabric carries no IP-in-IP",
    { fabric: "azure", encapsulation: "None", faults: ["source-dest-check"] },
    "same-subnet ICMP",
    "cp1's port",
    new RegExp(SOURCE),
    "take source-dest-check out of faults: enable IP forwarding on the node's network interface, or use VXLAN, which tunnels this path",
  ],
  [
    "anti-spoofing of pods, where no Calico could tunnel",
    { cloud: "aws", encapsulation: "None", calico: { install: "none" }, faults: ["source-dest-check"] },
    "same-subnet ICMP",
    "cp1's port",
    new RegExp(SOURCE),
    "take source-dest-check out of faults: turn the instance's source/dest check off",
  ],
  [
    "anti-spoofing of a pod's packet to a node, which no encapsulation tunnels",
    { cloud: "openstack", encapsulation: "IPIP", natOutgoing: false, faults: ["port-security"] },
    "pod-to-node (same-subnet) ICMP",
    "cp1's port",
    /^port security drops the packet/,
    "take port-security out of faults: put the pod CIDR into the port's allowed address pairs, or set natOutgoing: true",
  ],
  [
    "anti-spoofing of a pod's packet to the internet",
    { cloud: "openstack", encapsulation: "IPIP", natOutgoing: false, faults: ["port-security"] },
    "pod-to-internet ICMP",
    "cp1's port",
    /^port security drops the packet/,
    "take port-security out of faults: put the pod CIDR into the port's allowed address pairs, or set natOutgoing: true",
  ],
  [
    "anti-spoofing of a node whose NAT is gone, where natOutgoing would not help",
    { fabric: "aws", encapsulation: "None", faults: ["nat-missing", "source-dest-check"] },
    "pod-to-node (same-subnet) ICMP",
    "cp1's port",
    new RegExp(SOURCE),
    "take source-dest-check out of faults: turn the instance's source/dest check off",
  ],
  [
    "AllowedIPs that follow the routes, in a network of the lab's own",
    { fabric: "tailscale", encapsulation: "IPIP", natOutgoing: false },
    "pod-to-node (same-subnet) ICMP",
    "w1's port",
    /^WireGuard \(AllowedIPs\) drops the packet/,
    "set podRoutes: static to advertise each node's block as a subnet route, and approve it in the tailnet, or set natOutgoing: true",
  ],
  [
    "a protocol that the fabric does not carry",
    { fabric: "azure", encapsulation: "IPIP" },
    "same-subnet ICMP",
    "Azure virtual network",
    /^Azure does not carry IP protocol 4 \(IP-in-IP\), and drops the packet \S+ > \S+ \(IP protocol 4\)$/,
    "use VXLAN, whose UDP packets Azure carries",
  ],
  [
    "a gateway between subnets",
    { cloud: "aws", encapsulation: "None" },
    "cross-subnet ICMP",
    "VPC router",
    /^the VPC router knows the nodes' subnets but not pod addresses, and drops the packet \S+ > \S+ \(ICMP\)$/,
    "use a CrossSubnet encapsulation, or set podRoutes: static to give the VPC's route table a route per node block",
  ],
  [
    "a gateway, where no Calico could tunnel",
    { cloud: "aws", encapsulation: "None", calico: { install: "none" } },
    "cross-subnet ICMP",
    "VPC router",
    LAYER2,
    "set podRoutes: static to give the VPC's route table a route per node block",
  ],
  [
    "a gateway of somebody else",
    { cloud: "hosts", hosts: MACHINES, encapsulation: "None" },
    "cross-subnet ICMP",
    "router",
    LAYER2,
    "use a CrossSubnet encapsulation, or have its owner give the gateway a route per node block",
  ],
  [
    "a gateway inside a subnet, where nodes of one are no neighbours",
    { fabric: "l3", encapsulation: "None" },
    "same-subnet ICMP",
    "router",
    /\(ICMP\); nodes of one subnet are no neighbours here, so all packets without a tunnel pass it$/,
    "use VXLAN, which tunnels every packet between nodes (CrossSubnet does not), or set podRoutes: static to give the router a route per node block",
  ],
  [
    "a gateway inside a subnet, where every node is a /32, so that CrossSubnet tunnels as well",
    { fabric: "hetzner", encapsulation: "None" },
    "same-subnet ICMP",
    "gateway of the Hetzner network",
    /no neighbours here/,
    "use VXLAN, which tunnels every packet between nodes, or set podRoutes: static to give the Hetzner network a route per node block",
  ],
  [
    "a router that translates any address and knows no way back",
    { cloud: "openstack", encapsulation: "IPIP", natOutgoing: false, openstack: { backend: "ovs" } },
    "pod-to-internet ICMP",
    "Neutron router",
    /^the Neutron router knows the nodes' subnets but not pod addresses, and drops the answer 203\.0\.113\.10 > /,
    "set natOutgoing: true, or set podRoutes: static to give the router a route per node block",
  ],
  [
    "a pod's MTU that is larger than the tunnel's",
    { encapsulation: "IPIP", faults: ["mtu-too-big"] },
    "same-subnet full-MTU",
    "tunl0 of cp1",
    /^the packet \S+ > \S+ \(ICMP\) is 1500 bytes with DF set, and tunl0 of cp1 carries 1480$/,
    "take mtu-too-big out of faults: pods need an MTU of 1480: 1500 minus the tunnel's header",
  ],
  [
    "a Service, of which kube-proxy has rewritten address and port before the group looks",
    { cloud: "aws", encapsulation: "None", podRoutes: true, faults: ["pod-cidr-blocked"] },
    "pod-to-service (same-subnet) TCP",
    "w1's security group",
    /^the security group has no rule for the packet 172\.16\.\S+ > 172\.16\.0\.65 \(TCP 8080\)$/,
    "take pod-cidr-blocked out of faults: allow all protocols from the pod CIDR (a rule that names the group does not match pod addresses)",
  ],
  [
    "a Service without an endpoint, whose own address is the last that the packet had",
    { encapsulation: "VXLAN", faults: ["dns-loop"] },
    "pod-to-service (same-subnet) UDP",
    "cp1's kube-proxy",
    /^the packet 172\.16\.0\.1 > 10\.96\.0\.11 \(UDP 53\) is lost: /,
    "take dns-loop out of faults: give the kubelet resolvConf: /run/systemd/resolve/resolv.conf, and restart CoreDNS",
  ],
  [
    "the internet, which knows no pods",
    { encapsulation: "IPIP", natOutgoing: false },
    "pod-to-internet TCP",
    "the internet",
    /^the packet \S+ > 203\.0\.113\.10 \(TCP 443\) leaves with the pod's address, and the internet has no route back to it$/,
    "set natOutgoing: true",
  ],
  [
    "a fault of the node itself, in the words of the catalogue of faults",
    { encapsulation: "IPIP", faults: ["nat-missing"] },
    "pod-to-internet ICMP",
    "the internet",
    /^the packet \S+ > 203\.0\.113\.10 \(ICMP\) is lost: the rule that gives a pod's packet its node's address is gone/,
    "take nat-missing out of faults: restart calico-node on the node, and keep other programs from flushing the nat table",
  ],
];

/** The fault that a loss is put down to, and where: of several it is the one that must be taken back first. */
// biome-ignore format: a table
const CULPRITS: [raw: RawConfig, probe: string, hop: string, fault: string | undefined][] = [
  [{ encapsulation: "IPIP", faults: ["node-ip-wrong-interface"] }, "same-subnet ICMP", "router", "node-ip-wrong-interface"],
  [{ encapsulation: "VXLAN", faults: ["node-ip-wrong-interface"] }, "same-subnet ICMP", "router", "node-ip-wrong-interface"],
  [{ encapsulation: "IPIP", faults: ["ip-forward-off"] }, "same-node ICMP", "cp1's kernel", "ip-forward-off"],
  [{ encapsulation: "IPIP", faults: ["host-firewall-forward-drop"] }, "same-subnet TCP", "cp1's kernel", "host-firewall-forward-drop"],
  [{ encapsulation: "IPIP", natOutgoing: false, faults: ["rp-filter-strict"] }, "pod-to-node (same-subnet) TCP", "w1's kernel", "rp-filter-strict"],
  [{ encapsulation: "IPIP", faults: ["host-firewall-reject"] }, "same-subnet ICMP", "router", "host-firewall-reject"],
  [{ encapsulation: "VXLAN", faults: ["host-firewall-reject"] }, "same-subnet ICMP", "w1's firewall", "host-firewall-reject"],
  [{ encapsulation: "IPIP", faults: ["host-firewall-reject"] }, "pod-to-node (same-subnet) TCP", "w1's firewall", "host-firewall-reject"],
  [{ fabric: "aws", encapsulation: "IPIP", faults: ["nat-missing"] }, "pod-to-node (same-subnet) ICMP", "cp1's port", "nat-missing"],
  [{ encapsulation: "IPIP", faults: ["link-mtu-smaller"] }, "same-subnet full-MTU", "cp1's link", "link-mtu-smaller"],
  [{ encapsulation: "IPIP", faults: ["link-mtu-smaller"] }, "pod-to-internet full-MTU", "cp1's link", "link-mtu-smaller"],
  [{ encapsulation: "IPIP", faults: [{ fault: "link-mtu-smaller", nodes: ["w1"] }] }, "same-subnet from/to w1 full-MTU", "w1's link", "link-mtu-smaller"],
  [{ encapsulation: "IPIP", faults: ["mtu-black-hole"] }, "cross-subnet full-MTU", "router", "mtu-black-hole"],
  [{ encapsulation: "VXLAN", faults: ["vxlan-checksum"] }, "same-subnet TCP", "w1's kernel", "vxlan-checksum"],
  [{ encapsulation: "VXLAN", faults: ["dns-loop"] }, "pod-to-service (same-subnet) UDP", "cp1's kube-proxy", "dns-loop"],
  [{ encapsulation: "IPIP", faults: ["bgp-blocked"] }, "same-subnet ICMP", "router", "bgp-blocked"],
  // The check is on because a tunnel needs no other, so it is not what broke: the route is.
  [{ fabric: "aws", encapsulation: "IPIP", faults: ["bgp-blocked"] }, "same-subnet ICMP", "cp1's port", "bgp-blocked"],
  [{ fabric: "aws", encapsulation: "None", faults: ["source-dest-check"] }, "node-to-pod (same-subnet) ICMP", "w1's port", "source-dest-check"],
  [{ fabric: "aws", encapsulation: "None", faults: [{ fault: "source-dest-check", nodes: ["w1"] }] }, "node-to-pod (same-subnet) to w1 ICMP", "w1's port", "source-dest-check"],
  [{ fabric: "tailscale", encapsulation: "None" }, "same-subnet ICMP", "tailnet", undefined],
  [{ fabric: "tailscale", encapsulation: "IPIP", natOutgoing: false }, "pod-to-node (same-subnet) ICMP", "w1's port", undefined],
];

/** The pages on which somebody had the same trouble, by cause. */
const REFERENCES: [RawConfig, probe: string, url: RegExp][] = [
  [
    { cloud: "aws", encapsulation: "IPIP", faults: ["ipip-blocked"] },
    "same-subnet ICMP",
    /calico\/issues\/1215$/,
  ],
  [
    { cloud: "aws", encapsulation: "VXLAN", faults: ["vxlan-blocked"] },
    "same-subnet ICMP",
    /cluster-api-provider-aws\/issues\/1744$/,
  ],
  [
    { cloud: "aws", encapsulation: "None", faults: ["pod-cidr-blocked"] },
    "same-subnet ICMP",
    /antrea\/issues\/1080$/,
  ],
  [
    { cloud: "aws", encapsulation: "IPIP", faults: ["bgp-blocked"] },
    "same-subnet ICMP",
    /calico\/issues\/3309$/,
  ],
  [{ encapsulation: "VXLAN", faults: ["vxlan-blocked"] }, "same-subnet ICMP", /kubernetes\/requirements$/],
  [{ fabric: "azure", encapsulation: "IPIP" }, "same-subnet ICMP", /kops\/pull\/17832$/],
  [{ fabric: "azure", encapsulation: "None" }, "same-subnet ICMP", /calico\/issues\/6568$/],
  [{ cloud: "aws", encapsulation: "None" }, "cross-subnet ICMP", /networking\/configuring\/vxlan-ipip$/],
  [
    { encapsulation: "IPIP", faults: ["mtu-too-big"] },
    "same-subnet full-MTU",
    /networking\/configuring\/mtu$/,
  ],
  [{ encapsulation: "IPIP", natOutgoing: false }, "pod-to-internet ICMP", /workloads-outside-cluster$/],
  [
    { cloud: "aws", encapsulation: "None", faults: ["source-dest-check"] },
    "same-subnet ICMP",
    /#EIP_Disable_Src/,
  ],
];

function failure(raw: RawConfig, wanted: string) {
  const { paths } = judge(planOf(raw));
  const found = paths.find((row) => `${rowKey(row)} ${row.probe}` === wanted);
  assert.ok(found?.failure, `${wanted} must fail`);
  return found.failure;
}

describe("a failure in the verdict", () => {
  for (const [title, raw, probe, hop, cause, fix] of LOSSES)
    it(`names the hop, the cause and the way out: ${title}`, () => {
      const said = failure(raw, probe);
      assert.deepEqual([said.hop, said.fix], [hop, fix]);
      assert.match(said.cause, cause);
    });

  for (const [raw, probe, url] of REFERENCES)
    it(`refers to a page about it: ${JSON.stringify(raw)}, ${probe}`, () =>
      assert.match(failure(raw, probe).reference, url));

  for (const [raw, probe, hop, fault] of CULPRITS)
    it(`is put down to ${fault ?? "no fault"}: ${JSON.stringify(raw)}, ${probe}`, () => {
      const said = failure(raw, probe);
      assert.deepEqual([said.hop, said.fault], [hop, fault]);
      assert.equal("fault" in said, fault !== undefined);
      // What a fault of a node breaks is explained in the catalogue's own words.
      const isOfHost = fault !== undefined && FAULT_FACTS[fault as Fault].of === "host";
      assert.equal(said.cause.includes(" is lost: "), isOfHost, said.cause);
    });
});
