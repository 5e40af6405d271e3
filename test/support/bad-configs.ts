/** Configs that cannot be used: what is wrong, the key and value that the error must name, and what it must say. */
import type { RawConfig } from "./problems";

export interface BadConfig {
  is: string;
  raw: RawConfig;
  key: string;
  value: unknown;
  /** What the message must say about a right value. */
  allowed: RegExp;
}

const MODES = /IPIP, IPIPCrossSubnet, VXLAN, VXLANCrossSubnet, None/;
const CIDR = /IPv4 CIDR such as 10\.0\.3\.0\/24/;
const ADDRESS = /IPv4 address such as/;
const NAME = /at most 32 lower-case letters, digits and hyphens/;
const MTU = /must be a whole number from 1280 to 9216/;
const BLOCK = /must be a whole number from 20 to 30: a block holds/;
const FLAG = /must be true or false/;
const VERSION = /a version such as "/;
const NO_KEY = /there is no such key; the keys here are/;

/** One subnet around the nodes under test. */
const nodes = (...list: unknown[]) => ({ topology: [{ name: "a", cidr: "10.0.3.0/24", nodes: list }] });
const subnets = (...cidrs: string[]) => ({
  topology: cidrs.map((cidr, i) => ({ name: `s${i}`, cidr, nodes: [`n${i}`] })),
});
/** Machines of the subnet 10.9.0.0/24, unless they say another. */
const machines = (...list: object[]) => ({
  cloud: "hosts",
  hosts: { machines: list.map((one) => ({ subnet: "10.9.0.0/24", ...one })) },
});
/** A machine between the subnets. */
const ROUTER = { address: "192.0.2.1" };
const many = (count: number) => Array.from({ length: count }, (_, i) => `n${i}`);

type Row = [is: string, raw: RawConfig, key: string, value: unknown, allowed: RegExp];

// biome-ignore format: a table
const KEYS: Row[] = [
  ["a misspelt key", { encapsulaton: "IPIP" }, "encapsulaton", "IPIP", /the keys here are cloud, encapsulation, .*; did you mean encapsulation\?$/],
  ["a key in capitals", { MTU: 1500 }, "MTU", 1500, NO_KEY],
  ["an empty key", { "": 1 }, '[""]', 1, NO_KEY],
  ["a key with a dot in it", { "a.b": 1 }, '["a.b"]', 1, NO_KEY],
  ["the key __proto__", JSON.parse('{"__proto__": {"cloud": "aws"}}'), "__proto__", { cloud: "aws" }, NO_KEY],
  ["the key constructor", { constructor: "x" }, "constructor", "x", NO_KEY],
  ["the key toString", { toString: "x" }, "toString", "x", NO_KEY],
  ["a misspelt key of a subnet", { topology: [{ name: "a", cidr: "10.0.3.0/24", nodes: ["w1"], gatway: "x" }] }, "topology[0].gatway", "x", /the keys here are name, cidr, nodes/],
  ["a misspelt key of a node", nodes({ name: "w1", adress: "10.0.3.9" }), "topology[0].nodes[0].adress", "10.0.3.9", /the keys here are name, role, address/],
  ["__proto__ in a node", nodes(JSON.parse('{"name": "w1", "__proto__": 1}')), "topology[0].nodes[0].__proto__", 1, NO_KEY],
  ["a misspelt key of a cloud's section", { aws: { regoin: "eu-central-1" } }, "aws.regoin", "eu-central-1", /the keys here are region, instanceType/],
  ["a misspelt key of another cloud's section", { openstack: { flavour: "m1" } }, "openstack.flavour", "m1", /flavor/],
  ["two machines with the same name in one subnet", machines({ name: "m1", address: "10.9.0.9" }, { name: "m1", address: "10.9.0.10" }), "hosts.machines[1].name", "m1", /hosts\.machines\[0\] already has that name; names must be unique/],
  ["two machines with the same name in different subnets", machines({ name: "m1", address: "10.9.0.9" }, { name: "m1", address: "10.8.0.9", subnet: "10.8.0.0/24" }), "hosts.machines[1].name", "m1", /hosts\.machines\[0\] already has that name/],
  ["one machine under two names", machines({ name: "m1", address: "h", nodeAddress: "10.9.0.9" }, { name: "m2", address: "h", port: 22, nodeAddress: "10.9.0.10" }), "hosts.machines[1].address", "h", /hosts\.machines\[0\] has the same address and port/],
  ["a machine in no subnet", { cloud: "hosts", hosts: { machines: [{ name: "m1", address: "h" }] } }, "hosts.machines[0].subnet", undefined, /must be the subnet of m1: a name in topology, or a CIDR/],
  ["a machine in an unknown subnet", { cloud: "hosts", hosts: { machines: [{ name: "m1", address: "h", subnet: "z" }] } }, "hosts.machines[0].subnet", "z", /a CIDR such as/],
  ["a machine without a known address in its subnet", { cloud: "hosts", hosts: { machines: [{ name: "m1", address: "h", subnet: "10.9.0.0/24" }] } }, "hosts.machines[0].nodeAddress", undefined, /set the address that m1 has there/],
  ["a machine with two roles", { cloud: "hosts", topology: [{ name: "a", cidr: "10.9.0.0/24", nodes: [{ name: "m1", role: "control-plane", address: "10.9.0.9" }] }], hosts: { machines: [{ name: "m1", address: "h", role: "worker" }] } }, "hosts.machines[0].role", "worker", /topology says control-plane/],
  ["a node without a machine", { cloud: "hosts", topology: [{ name: "a", cidr: "10.9.0.0/24", nodes: ["m1"] }], hosts: { machines: [{ name: "m2", address: "10.9.0.9", subnet: "a" }] } }, "hosts.machines", ["m2"], /no machine has that name/],
  ["a subnet without any nodes", { topology: [{ name: "a", cidr: "10.9.0.0/24" }] }, "topology[0].nodes", undefined, /1 to 1000 nodes/],
  ["a fault of the network of existing machines", { cloud: "hosts", fabric: "aws", faults: ["bgp-blocked"], topology: [{ name: "a", cidr: "10.9.0.0/24", nodes: ["m1"] }] }, "faults[0]", "bgp-blocked", /cannot break the network of existing machines/],
  ["text that is not a private key", { hosts: { privateKey: "secret" } }, "hosts.privateKey", "(not shown)", /OpenSSH private key/],
  ["a cluster made by another tool", { cluster: "k3s" }, "cluster", "k3s", /kubeadm, none/],
  ["an unknown way to install Calico", { calico: { install: "operator" } }, "calico.install", "operator", /manifest, none/],
  ["a misspelt key of a machine", { hosts: { machines: [{ name: "w1", address: "h", ports: 22 }] } }, "hosts.machines[0].ports", 22, /name, address, port, user/],
];

// biome-ignore format: a table
const WORDS: Row[] = [
  ["an unknown encapsulation", { encapsulation: "GRE" }, "encapsulation", "GRE", /VXLANCrossSubnet, None$/],
  ["an encapsulation in lower-case letters", { encapsulation: "vxlan" }, "encapsulation", "vxlan", /IPIP, IPIPCrossSubnet, VXLAN, VXLANCrossSubnet, None; did you mean VXLAN\?$/],
  ["a misspelt encapsulation", { encapsulation: "IPPI" }, "encapsulation", "IPPI", /did you mean IPIP\?$/],
  ["an encapsulation with a space after it", { encapsulation: "IPIP " }, "encapsulation", "IPIP ", MODES],
  ["an encapsulation in Greek letters", { encapsulation: "ΙΡΙΡ" }, "encapsulation", "ΙΡΙΡ", MODES],
  ["an encapsulation that is null", { encapsulation: null }, "encapsulation", null, MODES],
  ["a list of encapsulations", { encapsulation: ["IPIP"] }, "encapsulation", ["IPIP"], MODES],
  ["an unknown cloud", { cloud: "gcp" }, "cloud", "gcp", /aws, openstack, hosts, twin/],
  ["an unknown fabric", { fabric: "ovn" }, "fabric", "ovn", /aws, openstack, plain/],
  ["an unknown proxy mode", { proxyMode: "ebpf" }, "proxyMode", "ebpf", /iptables, nftables, ipvs/],
  ["BGP that is neither on nor off", { bgp: "yes" }, "bgp", "yes", /mesh, routeReflectors, Disabled/],
  ["an unknown fault", { faults: ["dns-broken"] }, "faults[0]", "dns-broken", /bgp-blocked, ipip-blocked/],
  ["a misspelt fault", { faults: ["port-securty"] }, "faults[0]", "port-securty", /did you mean port-security\?$/],
  ["an unknown fault typed as text", { faults: "mtu-too-big,oops" }, "faults[1]", "oops", /bgp-blocked/],
  ["an unknown fault on a node", { faults: [{ fault: "dns-broken", nodes: ["w1"] }] }, "faults[0].fault", "dns-broken", /bgp-blocked, ipip-blocked/],
  ["a fault with an unknown key", { faults: [{ fault: "bgp-blocked", node: "w1" }] }, "faults[0].node", "w1", /keys here are fault, nodes, direction; did you mean nodes\?/],
  ["a fault in an unknown direction", { faults: [{ fault: "bgp-blocked", direction: "both" }] }, "faults[0].direction", "both", /one of in, out/],
  ["a fault that is a number", { faults: [4] }, "faults[0]", 4, /a fault's name, or \{ fault, nodes, direction \}/],
  ["faults that are an object", { faults: {} }, "faults", {}, /list of 0 to \d+ faults: bgp-blocked/],
  ["an unknown role", nodes({ name: "w1", role: "master" }), "topology[0].nodes[0].role", "master", /control-plane, worker/],
  ["a flag that is another word", { natOutgoing: "perhaps" }, "natOutgoing", "perhaps", FLAG],
  ["a flag that is a number", { observe: 1 }, "observe", 1, FLAG],
  ["a rehearsal on nothing that there is", { rehearse: "container" }, "rehearse", "container", /must be true, false, twin or containers\b.*containers/],
  ["a rehearsal that is a number", { rehearse: 1 }, "rehearse", 1, /must be true, false, twin or containers$/],
  ["a flag that is null", { natOutgoing: null }, "natOutgoing", null, FLAG],
  ["routes of no kind", { podRoutes: null }, "podRoutes", null, /must be one of none, static, bgp/],
  ["text that is not a region", { aws: { region: "europe" } }, "aws.region", "europe", /a region such as/],
  ["text that is not an image id", { aws: { imageId: "ubuntu" } }, "aws.imageId", "ubuntu", /ami-/],
  ["a time to live of zero", { aws: { ttl: "0h" } }, "aws.ttl", "0h", /8h or 3d/],
  ["an instance type with a line break", { aws: { instanceType: "t3\nx" } }, "aws.instanceType", "t3\nx", /t3\.medium/],
  ["a key type that EC2 does not import", { cloud: "aws", aws: { publicKey: `ecdsa-sha2-nistp256 ${"AAAA".repeat(20)}` } }, "aws.publicKey", "ecdsa-sha2-nistp256 …", /EC2 does not import keys of this type; use an ssh-ed25519/],
  ["a public key that is cut off", { cloud: "openstack", openstack: { publicKey: "ssh-ed25519 AAAA" } }, "openstack.publicKey", "ssh-ed25519 …", /not a complete OpenSSH public key/],
  ["a public key that is a path", { openstack: { publicKey: "~/.ssh/id.pub" } }, "openstack.publicKey", "~/.ssh/id.pub", /ssh-ed25519/],
  ["a machine without an address", { hosts: { machines: [{ name: "w1" }] } }, "hosts.machines[0].address", undefined, /host name/],
  ["a port beyond all ports", { hosts: { machines: [{ name: "w1", address: "h", port: 65536 }] } }, "hosts.machines[0].port", 65536, /1 to 65535/],
  ["a section that is a list", { aws: [] }, "aws", [], /a section; its keys are region, instanceType/],
  ["a section that is null", { hosts: null }, "hosts", null, /a section; its keys are machines, user/],
  ["an empty list of access ranges", { aws: { accessCidrs: [] } }, "aws.accessCidrs", [], /list of 1 to 50 CIDRs/],
  ["an access range without its prefix", { aws: { accessCidrs: ["192.0.2.1"] } }, "aws.accessCidrs[0]", "192.0.2.1", CIDR],
];

// biome-ignore format: a table
const NUMBERS: Row[] = [
  ["an MTU below what IPv6 needs", { mtu: 1279 }, "mtu", 1279, MTU],
  ["an MTU above jumbo frames", { mtu: "9217" }, "mtu", 9217, MTU],
  ["an MTU that is not whole", { mtu: 1500.5 }, "mtu", 1500.5, MTU],
  ["NaN", { mtu: Number.NaN }, "mtu", Number.NaN, MTU],
  ["NaN as text", { mtu: "NaN" }, "mtu", "NaN", MTU],
  ["a number with an exponent", { mtu: "15e2" }, "mtu", "15e2", MTU],
  ["a number with a unit", { mtu: "1500 bytes" }, "mtu", "1500 bytes", MTU],
  ["a huge number", { mtu: 1e308 }, "mtu", 1e308, MTU],
  ["a number of a hundred digits", { mtu: "9".repeat(100) }, "mtu", "9".repeat(100), MTU],
  ["digits of another script", { mtu: "١٥٠٠" }, "mtu", "١٥٠٠", MTU],
  ["empty text for a number", { blockSize: "" }, "blockSize", "", BLOCK],
  ["a block as large as a /19", { blockSize: 19 }, "blockSize", 19, BLOCK],
  ["a block smaller than one address", { blockSize: 33 }, "blockSize", 33, BLOCK],
  ["a block too small for the study pods", { blockSize: 31 }, "blockSize", 31, BLOCK],
  ["a block larger than the pool", { podCidr: "172.16.0.0/24", blockSize: 23 }, "blockSize", 23, /cannot be larger than podCidr 172\.16\.0\.0\/24/],
  ["a version that YAML reads as a number", { kubernetesVersion: 1.35 }, "kubernetesVersion", 1.35, VERSION],
  ["a version by name", { calicoVersion: "latest" }, "calicoVersion", "latest", VERSION],
  ["a version with endless digits", { calicoVersion: `${"9".repeat(1000)}.1`, allowUnsupported: true }, "calicoVersion", `${"9".repeat(1000)}.1`, VERSION],
];

// biome-ignore format: a table
const RANGES: Row[] = [
  ["a CIDR without its prefix", { podCidr: "172.16.0.0" }, "podCidr", "172.16.0.0", CIDR],
  ["a CIDR of IPv6", { podCidr: "fd00::/48" }, "podCidr", "fd00::/48", CIDR],
  ["an octet of 256", { podCidr: "172.256.0.0/16" }, "podCidr", "172.256.0.0/16", CIDR],
  ["an octet that looks octal", { podCidr: "172.016.0.0/16" }, "podCidr", "172.016.0.0/16", CIDR],
  ["a prefix of 33", { serviceCidr: "10.96.0.0/33" }, "serviceCidr", "10.96.0.0/33", CIDR],
  ["host bits in the pods' range", { podCidr: "172.16.0.1/16" }, "podCidr", "172.16.0.1/16", /the network is 172\.16\.0\.0\/16/],
  ["host bits in a subnet", subnets("10.0.3.5/24"), "topology[0].cidr", "10.0.3.5/24", /the network is 10\.0\.3\.0\/24/],
  ["Services inside the pods' range", { serviceCidr: "172.16.96.0/20" }, "serviceCidr", "172.16.96.0/20", /overlaps podCidr \(172\.16\.0\.0\/16\); set serviceCidr to a free range such as 10\.0\.16\.0\/20$/],
  ["a subnet inside the pods' range", subnets("172.16.5.0/24"), "topology[0].cidr", "172.16.5.0/24", /overlaps podCidr/],
  ["a subnet that holds the pods' range", { ...subnets("172.16.0.0/16"), podCidr: "172.16.64.0/20" }, "topology[0].cidr", "172.16.0.0/16", /overlaps podCidr/],
  ["a subnet inside the Services' range", subnets("10.100.200.0/24"), "topology[0].cidr", "10.100.200.0/24", /overlaps serviceCidr \(10\.96\.0\.0\/12\); set serviceCidr to a free range such as 10\.96\.0\.0\/16$/],
  ["a subnet twice", subnets("10.0.3.0/24", "10.0.3.0/24"), "topology[1].cidr", "10.0.3.0/24", /overlaps topology\[0\]\.cidr/],
  ["a subnet inside another", subnets("10.0.0.0/16", "10.0.3.0/24"), "topology[1].cidr", "10.0.3.0/24", /ranges that do not overlap/],
  ["a subnet of a /15 on EC2", { cloud: "aws", ...subnets("10.2.0.0/15") }, "topology[0].cidr", "10.2.0.0/15", /a prefix from \/16 to \/28/],
  ["a subnet of a /29 on EC2", { cloud: "aws", ...subnets("10.0.3.0/29") }, "topology[0].cidr", "10.0.3.0/29", /a prefix from \/16 to \/28/],
  ["the whole internet for pods", { podCidr: "0.0.0.0/0" }, "podCidr", "0.0.0.0/0", /choose a private range/],
  ["pods on loopback", { podCidr: "127.0.0.0/16" }, "podCidr", "127.0.0.0/16", /loopback; choose a private range/],
  ["pods on link-local addresses", { podCidr: "169.254.0.0/16" }, "podCidr", "169.254.0.0/16", /169\.254\.1\.1/],
  ["Services on multicast", { serviceCidr: "239.0.0.0/16" }, "serviceCidr", "239.0.0.0/16", /multicast/],
  ["a subnet on the twin's internet", subnets("203.0.113.0/24"), "topology[0].cidr", "203.0.113.0/24", /the twin's internet/],
  ["a range of Services larger than the API server accepts", { serviceCidr: "10.64.0.0/11" }, "serviceCidr", "10.64.0.0/11", /\/12 to \/28/],
  ["a range of Services too small for a cluster", { serviceCidr: "10.96.0.0/29" }, "serviceCidr", "10.96.0.0/29", /\/12 to \/28/],
  ["a pool with fewer blocks than nodes", { ...subnets("10.0.3.0/24", "10.0.4.0/24", "10.0.5.0/24"), podCidr: "172.16.0.0/25" }, "podCidr", "172.16.0.0/25", /2 blocks of \/26 for 3 nodes; use a larger podCidr/],
];

// biome-ignore format: a table
const NODES: Row[] = [
  ["no subnet", { topology: [] }, "topology", [], /list of 1 to 1000 subnets/],
  ["a topology that is text", { topology: "two subnets" }, "topology", "two subnets", /list of 1 to 1000 subnets/],
  ["a topology that is incomplete JSON", { topology: '[{"name":"a"' }, "topology", '[{"name":"a"', /list of 1 to 1000 subnets/],
  ["a topology that is an object", { topology: { a: 1 } }, "topology", { a: 1 }, /list of 1 to 1000 subnets/],
  ["a subnet that is text", { topology: ["a"] }, "topology[0]", "a", /a section; its keys are name, cidr, nodes/],
  ["a subnet without a range", { topology: [{ name: "a", nodes: ["w1"] }] }, "topology[0].cidr", undefined, CIDR],
  ["a subnet without nodes", nodes(), "topology[0].nodes", [], /list of 1 to 1000 nodes/],
  ["a node that is a number", nodes(5), "topology[0].nodes[0]", 5, /a node's name, or \{ name, role, address \}/],
  ["a node that is a list", nodes(["w1"]), "topology[0].nodes[0]", ["w1"], /a node's name/],
  ["a node's name in capitals", nodes("W1"), "topology[0].nodes[0]", "W1", NAME],
  ["a node's name with an umlaut", nodes("größe"), "topology[0].nodes[0]", "größe", NAME],
  ["a node with a name of 33 letters", nodes("n".repeat(33)), "topology[0].nodes[0]", "n".repeat(33), NAME],
  ["a node without a name", nodes({ role: "worker" }), "topology[0].nodes[0].name", undefined, NAME],
  ["a node with half an address", nodes({ name: "w1", address: "10.0.3" }), "topology[0].nodes[0].address", "10.0.3", ADDRESS],
  ["a node outside its subnet", nodes({ name: "w1", address: "10.0.4.9" }), "topology[0].nodes[0].address", "10.0.4.9", /outside its subnet 10\.0\.3\.0\/24/],
  ["a node on the network's address", nodes({ name: "w1", address: "10.0.3.0" }), "topology[0].nodes[0].address", "10.0.3.0", /the network or the broadcast address/],
  ["a node on the broadcast address", nodes({ name: "w1", address: "10.0.3.255" }), "topology[0].nodes[0].address", "10.0.3.255", /the network or the broadcast address/],
  ["a node on the gateway's address on EC2", { cloud: "aws", ...nodes({ name: "w1", address: "10.0.3.1" }) }, "topology[0].nodes[0].address", "10.0.3.1", /EC2 reserves the first 4 addresses and the last one of 10\.0\.3\.0\/24/],
  ["a node on an address that EC2 reserves, in a rehearsal", { cloud: "aws", rehearse: true, ...nodes({ name: "w1", address: "10.0.3.3" }) }, "topology[0].nodes[0].address", "10.0.3.3", /EC2 reserves the first 4/],
  ["a node on an address of Neutron's own ports", { cloud: "openstack", ...nodes({ name: "w1", address: "10.0.3.2" }) }, "topology[0].nodes[0].address", "10.0.3.2", /Neutron reserves the first 4/],
  ["a subnet without room for a node", subnets("10.0.3.0/30"), "topology[0].nodes", "1 nodes", /10\.0\.3\.0\/30 has room for 0/],
  ["two nodes with the same name", nodes("w1", "w1"), "topology[0].nodes[1].name", "w1", /already the name of topology\[0\]\.nodes\[0\]; names must be unique/],
  ["two nodes with the same address", nodes({ name: "a", address: "10.0.3.9" }, { name: "b", address: "10.0.3.9" }), "topology[0].nodes[1].address", "10.0.3.9", /topology\[0\]\.nodes\[0\]\.address already has that address/],
  ["two subnets with the same name", { topology: [{ name: "a", cidr: "10.0.3.0/24", nodes: ["x"] }, { name: "a", cidr: "10.0.4.0/24", nodes: ["y"] }] }, "topology[1].name", "a", /names must be unique/],
  ["a node with the name of another node's pod", nodes("w1", "w1-2"), "topology[0].nodes[0].name", "w1", /its pod w1-2 would have the name of another node/],
  ["a node with the name of the twin's router", nodes("router"), "topology[0].nodes[0].name", "router", /the twin reserves/],
  ["a node called internet", nodes("internet"), "topology[0].nodes[0].name", "internet", /names must be unique/],
  ["two control planes", nodes({ name: "a", role: "control-plane" }, { name: "b", role: "control-plane" }), "topology", "control planes: a, b", /exactly one node with role control-plane/],
  ["workers only", nodes({ name: "a", role: "worker" }, { name: "b", role: "worker" }), "topology", "control planes: none", /exactly one node/],
  ["more nodes than the subnet has addresses", { topology: [{ name: "a", cidr: "10.0.3.0/28", nodes: many(12) }] }, "topology[0].nodes", "12 nodes", /room for 11; use a larger subnet or fewer nodes/],
  ["more nodes than a full mesh should have", { topology: [{ name: "a", cidr: "10.0.0.0/22", nodes: many(100) }, { name: "b", cidr: "10.0.4.0/24", nodes: ["x"] }] }, "topology", "101 nodes", /at most 100 nodes with bgp: mesh, .* \(5050 here\).* \(calico#1579, #9976\); take bgp: routeReflectors .*; or take bgp: Disabled/],
  ["more nodes than there are blocks", { encapsulation: "VXLAN", bgp: "Disabled", topology: [{ name: "a", cidr: "10.0.0.0/21", nodes: many(1000) }, { name: "b", cidr: "10.0.8.0/24", nodes: ["x"] }] }, "topology", "1001 nodes", /at most 1000 nodes/],
];

// biome-ignore format: a table
const TOGETHER: Row[] = [
  ["IPIP without BGP", { encapsulation: "IPIP", bgp: "Disabled" }, "bgp", "Disabled", /must be mesh or routeReflectors: encapsulation IPIP gets its routes by BGP; only VXLAN/],
  ["IPIPCrossSubnet without BGP", { encapsulation: "IPIPCrossSubnet", bgp: "Disabled" }, "bgp", "Disabled", /must be mesh or routeReflectors/],
  ["None without BGP", { encapsulation: "None", bgp: "Disabled" }, "bgp", "Disabled", /must be mesh or routeReflectors/],
  ["a mesh of IPIP with too many nodes", { encapsulation: "IPIP", topology: [{ name: "a", cidr: "10.0.0.0/22", nodes: many(101) }] }, "topology", "101 nodes", /take bgp: routeReflectors with the names of two or three nodes in routeReflectors$/],
  ["route reflectors without a name", { bgp: "routeReflectors" }, "routeReflectors", [], /must name the nodes that reflect routes, two at best, e\.g\. \[cp1, w1\]/],
  ["a route reflector that is no node", { bgp: "routeReflectors", routeReflectors: ["w9"] }, "routeReflectors[0]", "w9", /one of the nodes cp1, w1, w2, w3/],
  ["a route reflector twice", { bgp: "routeReflectors", routeReflectors: "w1,w1" }, "routeReflectors[1]", "w1", /already in the list/],
  ["route reflectors beside a mesh", { routeReflectors: "w1" }, "routeReflectors", ["w1"], /set bgp: routeReflectors/],
  ["a mesh beside route reflectors", { bgp: "routeReflectors", routeReflectors: "w1", peering: { nodeToNodeMesh: true } }, "peering.nodeToNodeMesh", true, /must be false or left out/],
  ["a fault of a reflector on another node", { bgp: "routeReflectors", routeReflectors: "w1", faults: [{ fault: "reflector-down", nodes: ["w2"] }] }, "faults", "reflector-down on w2", /on route reflectors, which are w1/],
  ["BGP's settings without BGP", { encapsulation: "VXLAN", bgp: "Disabled", peering: { asNumber: 1 } }, "peering", ["asNumber"], /must be left out/],
  ["a VPC's router that speaks BGP", { cloud: "aws", podRoutes: "bgp" }, "podRoutes", "bgp", /the VPC router of fabric aws speaks no BGP/],
  ["existing machines' gateway that speaks BGP", { cloud: "hosts", podRoutes: "bgp" }, "podRoutes", "bgp", /must be none, or set rehearse: true; or name the machine .* in hosts\.router/],
  ["a gateway that speaks BGP with nodes that are none", { cloud: "hosts", hosts: { router: ROUTER }, podRoutes: "bgp", cluster: "none" }, "cluster", "none", /must be kubeadm with podRoutes: bgp/],
  ["a router of machines whose nodes run no BIRD", { rehearse: "containers", podRoutes: "bgp", encapsulation: "None", calico: { install: "none" } }, "podRoutes", "bgp", /without Calico the nodes run no BIRD/],
  ["a router without BGP", { cloud: "hosts", hosts: { router: ROUTER } }, "hosts.router", "192.0.2.1", /set podRoutes: bgp/],
  ["a router beside that of node containers", { cloud: "hosts", hosts: { machines: "containers", router: ROUTER }, podRoutes: "bgp" }, "hosts.router", "192.0.2.1", /node containers have a router of their own/],
  ["a router that is a node", { cloud: "hosts", hosts: { machines: [{ name: "cp1", address: "192.0.2.1", nodeAddress: "10.0.3.10", subnet: "10.0.3.0/24" }], router: ROUTER }, podRoutes: "bgp" }, "hosts.router.address", "192.0.2.1", /it is the node cp1: a node runs Calico's BIRD/],
  ["a router outside of the subnets", { cloud: "hosts", hosts: { router: { ...ROUTER, addresses: ["10.9.0.1"] } }, podRoutes: "bgp" }, "hosts.router.addresses[0]", "10.9.0.1", /one of the subnets a 10\.0\.3\.0\/24, b 10\.0\.4\.0\/24/],
  ["a router twice in a subnet", { cloud: "hosts", hosts: { router: { ...ROUTER, addresses: ["10.0.3.1", "10.0.3.2"] } }, podRoutes: "bgp" }, "hosts.router.addresses[1]", "10.0.3.2", /10\.0\.3\.1 is in the subnet a too/],
  ["a router with a node's address", { cloud: "hosts", hosts: { router: { ...ROUTER, addresses: ["10.0.3.9"] } }, podRoutes: "bgp", topology: [{ name: "a", cidr: "10.0.3.0/24", nodes: [{ name: "cp1", address: "10.0.3.9" }] }] }, "hosts.router.addresses[0]", "10.0.3.9", /the node cp1 has that address/],
  ["a router that learns routes without BIRD", { encapsulation: "VXLAN", bgp: "Disabled", podRoutes: "bgp" }, "podRoutes", "bgp", /runs no BIRD/],
  ["a gateway's AS number without BGP there", { peering: { gatewayAsNumber: 64513 } }, "peering.gatewayAsNumber", 64513, /set podRoutes: bgp/],
  ["an AS number that is none", { peering: { asNumber: 0 } }, "peering.asNumber", 0, /1 to 4294967294/],
  ["a fabric that is not that of AWS", { cloud: "aws", fabric: "plain" }, "fabric", "plain", /must be aws or not set: cloud aws has its own fabric/],
  ["a fabric that is not that of OpenStack", { cloud: "openstack", fabric: "aws" }, "fabric", "aws", /must be openstack/],
  ["routes on the router of existing machines", { cloud: "hosts", podRoutes: true }, "podRoutes", "static", /must be none, or set rehearse: true/],
  ["an MTU that EC2 does not carry", { cloud: "aws", mtu: 9002 }, "mtu", 9002, /EC2 carries at most 9001/],
  ["an MTU that EC2's fabric does not carry", { fabric: "aws", mtu: 9216 }, "mtu", 9216, /at most 9001/],
  ["a fault of the security group where there is none", { faults: ["pod-cidr-blocked"] }, "faults[0]", "pod-cidr-blocked", /fabric plain cannot have this fault, which is for aws or openstack/],
  ["a fault on a node that there is not", { faults: [{ fault: "ipip-blocked", nodes: ["w1", "wl2"] }] }, "faults[0].nodes[1]", "wl2", /must be one of the nodes cp1, w1, w2, w3$/],
  ["a fault on a node that is named twice", { faults: [{ fault: "ipip-blocked", nodes: ["w1", "w1"] }] }, "faults[0].nodes[1]", "w1", /already in the list/],
  ["a fault of all nodes on some", { faults: [{ fault: "mtu-too-big", nodes: ["w1"] }] }, "faults[0]", "mtu-too-big on w1", /one MTU for the pods of all nodes.*leave out nodes/],
  ["a direction of a fault that blocks nothing", { faults: [{ fault: "node-as-32", direction: "in" }] }, "faults[0]", "node-as-32 (in)", /leave out direction/],
  ["a security group that blocks what goes out", { cloud: "aws", faults: [{ fault: "bgp-blocked", nodes: ["w1"], direction: "out" }] }, "faults[0]", "bgp-blocked on w1 (out)", /lets everything out.*leave out direction/],
  ["the same fault on two nodes in two entries", { faults: [{ fault: "bgp-blocked", nodes: ["w1"] }, { fault: "bgp-blocked", nodes: ["w2"], direction: "in" }] }, "faults[1]", "bgp-blocked on w2 (in)", /with all its nodes/],
  ["a fault of EC2 on OpenStack", { cloud: "openstack", faults: ["source-dest-check"] }, "faults[0]", "source-dest-check", /this fault, which is for aws/],
  ["a fault of OpenStack on EC2", { cloud: "aws", faults: ["mtu-too-big", "port-security"] }, "faults[1]", "port-security", /this fault, which is for openstack/],
  ["a fault of a node's kernel on a cloud", { cloud: "aws", faults: ["ip-forward-off"] }, "faults[0]", "ip-forward-off", /only the twin can have it.*set rehearse: true/],
  ["a fault of a node's firewall on existing machines", { cloud: "hosts", faults: ["host-firewall-reject"], topology: [{ name: "a", cidr: "10.9.0.0/24", nodes: ["m1"] }] }, "faults[0]", "host-firewall-reject", /only the twin can have it/],
  ["a fault that a real cluster repairs", { cloud: "aws", rehearse: "containers", faults: ["nat-missing"] }, "faults[0]", "nat-missing", /node containers cannot have it: a real Calico puts the rule back; set rehearse: twin/],
  ["a fault of the nodes' own firewalls on a cloud", { cloud: "aws", faults: ["host-firewall-forward-drop"] }, "faults[0]", "host-firewall-forward-drop", /only a lab on this machine can have it.*set rehearse: true/],
  ["the same fault twice", { faults: ["mtu-too-big", "mtu-too-big"] }, "faults[1]", "mtu-too-big", /name each fault once/],
  ["a Calico in which BIRD no longer programs the routes", { calicoVersion: "3.33" }, "calicoVersion", "3.33", /must be one of 3\.30, 3\.31, 3\.32; set allowUnsupported: true/],
  ["a Calico that is too old", { calicoVersion: "v3.21.4" }, "calicoVersion", "v3.21.4", /must be one of 3\.30/],
  ["a Kubernetes too new for its Calico", { calicoVersion: "3.30", kubernetesVersion: "1.36" }, "kubernetesVersion", "1.36", /Calico 3\.30 is tested with 1\.31, 1\.32, 1\.33, 1\.34, 1\.35/],
  ["a Kubernetes too old for its Calico", { kubernetesVersion: "1.23.6" }, "kubernetesVersion", "1.23.6", /1\.34, 1\.35, 1\.36; choose one of these/],
];

export const BAD_CONFIGS: BadConfig[] = [...KEYS, ...WORDS, ...NUMBERS, ...RANGES, ...NODES, ...TOGETHER].map(
  ([is, raw, key, value, allowed]) => ({ is, raw, key, value, allowed }),
);
