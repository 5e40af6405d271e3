/** What a fix tells the reader to set in a lab with several IPPools: the pool whose setting counts, in literal sentences. */
import assert from "node:assert/strict";
import { judge, rowKey } from "../../components/plan";
import { planOf, type RawConfig } from "../support/problems";

type Modes = [near: string, far: string];

/** A pool for each subnet. */
const bySubnet = ([near, far]: Modes) => [
  { name: "near", cidr: "172.16.0.0/17", nodes: ["cp1", "w1"], encapsulation: near },
  { name: "far", cidr: "172.16.128.0/17", nodes: ["w2", "w3"], encapsulation: far },
];

/** Two pools, each for one node of each subnet. */
const mixed = ([a, b]: Modes) => [
  { name: "a", cidr: "172.16.0.0/17", nodes: ["cp1", "w2"], encapsulation: a },
  { name: "b", cidr: "172.16.128.0/17", nodes: ["w1", "w3"], encapsulation: b },
];

const CHECK = "take source-dest-check out of faults: turn the instance's source/dest check off";
const ON_EC2 = { fabric: "aws", faults: ["source-dest-check"] };
const SITES = {
  topology: [
    { name: "office", cidr: "192.168.1.0/24", nodes: ["cp1", "w1"] },
    { name: "lab", cidr: "192.168.2.0/24", nodes: ["w2"] },
    { name: "vpc", cidr: "172.31.0.0/16", nodes: ["w3"] },
  ],
  sites: [
    { name: "a", subnets: ["office", "lab"] },
    { name: "b", subnets: ["vpc"] },
  ],
  ipPools: [{ name: "all", cidr: "172.16.0.0/17", encapsulation: "None" }],
};
const ON_PREMISES = { name: "on-premises", cidr: "10.0.4.0/24", disabled: true };

/** A row that fails in a lab, and what is said of its way out. */
const FIXES: [title: string, raw: RawConfig, row: string, fix: string][] = [
  [
    "the gateway knows no pods: a tunnel of the destination's pool, or routes",
    { ipPools: bySubnet(["None", "None"]) },
    "cross-subnet",
    "use a CrossSubnet encapsulation for the IPPool far, or set podRoutes: static to give the gateway a route per node block",
  ],
  [
    "the gateway knows no pods, and an answer is lost: the pool of the packet's source",
    { ipPools: bySubnet(["None", "IPIP"]) },
    "cross-subnet from cp1, w1",
    "use a CrossSubnet encapsulation for the IPPool near, or set podRoutes: static to give the gateway a route per node block",
  ],
  [
    "a router in a network without a layer 2, where BGP is off",
    { ipPools: bySubnet(["VXLANCrossSubnet", "VXLANCrossSubnet"]), bgp: "Disabled", fabric: "l3" },
    "same-subnet",
    "use VXLAN for the IPPool near, which tunnels every packet between nodes (CrossSubnet does not), or set podRoutes: static to give the router a route per node block",
  ],
  [
    "a cloud's gateway",
    { fabric: "aws", ipPools: bySubnet(["None", "None"]) },
    "cross-subnet",
    "use a CrossSubnet encapsulation for the IPPool far, or set podRoutes: static to give the VPC's route table a route per node block",
  ],
  [
    "the routers of sites",
    SITES,
    "cross-subnet",
    "use a CrossSubnet encapsulation for the IPPool all, or set podRoutes: static to give the gateway a route per node block",
  ],
  [
    "a cloud whose nodes are /32",
    { fabric: "gcp", ipPools: bySubnet(["None", "None"]) },
    "cross-subnet",
    "use VXLAN for the IPPool far, which tunnels every packet between nodes, or set podRoutes: static to give the VPC network a route per node block (or each node its block as an alias IP range)",
  ],
  [
    "the selectors of a tunnel between sites",
    SITES,
    "cross-site",
    "use IPIP or VXLAN for the IPPool all, whose outer packets have the nodes' addresses, or put the pod CIDR into them (link.selectors: pods), with podRoutes: static",
  ],
  [
    "a check of addresses drops a packet to a pod",
    { ...ON_EC2, ipPools: bySubnet(["None", "None"]) },
    "cross-subnet",
    `${CHECK}, or use IPIP or VXLAN for the IPPool far, which tunnel this path`,
  ],
  [
    "a check of addresses drops a packet, where the destination's pool has no tunnel and the source's has one",
    { ...ON_EC2, ipPools: mixed(["IPIPCrossSubnet", "None"]) },
    "same-subnet",
    `${CHECK}, or use IPIP or VXLAN for the IPPool b, which tunnel this path`,
  ],
  [
    "a check of addresses drops the answer to a pod",
    { ...ON_EC2, ipPools: bySubnet(["None", "IPIP"]) },
    "cross-subnet from cp1, w1",
    `${CHECK}, or use IPIP or VXLAN for the IPPool near, which tunnel this path`,
  ],
  [
    "a check of addresses drops the answer to a node's own address, which no pool has",
    { ...ON_EC2, ipPools: bySubnet(["None", "IPIP"]) },
    "node-to-pod (cross-subnet) from cp1, w1",
    CHECK,
  ],
  [
    "a check of addresses drops the answer to a node's tunl0: IPIP for the pool of that address",
    { ...ON_EC2, ipPools: mixed(["IPIPCrossSubnet", "IPIP"]) },
    "node-to-pod (same-subnet) from cp1, w2",
    `${CHECK}, or use IPIP for the IPPool a, which tunnels this path`,
  ],
  [
    "a check of addresses drops the answer to a node's vxlan.calico: VXLAN for the pool of that address",
    { ...ON_EC2, ipPools: mixed(["VXLANCrossSubnet", "VXLAN"]) },
    "node-to-pod (same-subnet) from cp1, w2",
    `${CHECK}, or use VXLAN for the IPPool a, which tunnels this path`,
  ],
  [
    "a check of addresses drops the answer to the node whose NodePort was asked, at its tunl0",
    { ...ON_EC2, ipPools: mixed(["IPIPCrossSubnet", "IPIP"]) },
    "client-to-nodeport (same-subnet)",
    `${CHECK}, or use IPIP for the IPPool a, which tunnels this path`,
  ],
  [
    "a check of addresses drops the answer to the node whose NodePort was asked, at its vxlan.calico",
    { ...ON_EC2, ipPools: mixed(["VXLANCrossSubnet", "VXLAN"]) },
    "client-to-nodeport (same-subnet)",
    `${CHECK}, or use VXLAN for the IPPool a, which tunnels this path`,
  ],
  [
    "a check of addresses drops the answer of a Service to a pod",
    { ...ON_EC2, ipPools: mixed(["IPIPCrossSubnet", "IPIP"]) },
    "pod-to-service (same-subnet)",
    `${CHECK}, or use IPIP or VXLAN for the IPPool a, which tunnel this path`,
  ],
  [
    "a check of addresses, where BGP is off, so that only VXLAN can be had",
    { ...ON_EC2, ipPools: bySubnet(["VXLANCrossSubnet", "VXLAN"]), bgp: "Disabled" },
    "same-subnet from cp1, w1",
    `${CHECK}, or use VXLAN for the IPPool near, which tunnels this path`,
  ],
  [
    "the internet knows no pods: natOutgoing of the pods' own pool",
    {
      ipPools: bySubnet(["VXLAN", "VXLAN"]).map((pool) => ({ ...pool, natOutgoing: pool.name !== "near" })),
    },
    "pod-to-internet from cp1, w1",
    "set natOutgoing: true for the IPPool near",
  ],
  [
    "natOutgoing is on, and the destination is in a pool",
    { ...ON_EC2, ipPools: [...bySubnet(["VXLAN", "VXLAN"]), ON_PREMISES] },
    "pod-to-node (cross-subnet) from cp1, w1",
    `${CHECK}, or take the IPPool on-premises out, because natOutgoing is not for what goes to an address in a pool`,
  ],
  [
    "natOutgoing is off, and the destination is in a pool",
    { ...ON_EC2, natOutgoing: false, ipPools: [...bySubnet(["VXLAN", "VXLAN"]), ON_PREMISES] },
    "pod-to-node (cross-subnet)",
    `${CHECK}, or take the IPPool on-premises out and set natOutgoing: true for the IPPool near, because natOutgoing is not for what goes to an address in a pool`,
  ],
  [
    "a node without BIRD's routes gets the answer at its own address, whose way has static routes already",
    {
      fabric: "tailscale",
      podRoutes: "static",
      peering: { nodeToNodeMesh: false },
      ipPools: [{ name: "all", cidr: "172.16.0.0/18", encapsulation: "IPIP" }],
    },
    "node-to-pod (same-subnet)",
    "use VXLAN for the IPPool all, which tunnels this path",
  ],
  [
    "no Calico, and so no pool",
    { ...ON_EC2, encapsulation: "None", calico: { install: "none" } },
    "cross-subnet",
    CHECK,
  ],
];

describe("the fix in a lab with several IPPools", () => {
  for (const [title, raw, row, fix] of FIXES)
    it(`names the pool whose setting counts: ${title}`, () => {
      const failing = judge(planOf(raw)).paths.filter(({ failure }) => failure);
      const found = failing.find((one) => rowKey(one) === row) ?? assert.fail(failing.map(rowKey).join("\n"));
      assert.equal(found.failure?.fix, fix);
    });
});
