/** Several IPPools: whose blocks nodes get, how packets travel to them, who gets the node's address, and what is refused. */
import assert from "node:assert/strict";
import { parseConfig } from "../../components/config";
import {
  blocksOf,
  blockWith,
  canSwitch,
  encapsulationAt,
  encapsulationText,
  isNatted,
  judge,
  type LabPlan,
  type NodePlan,
  planLab,
  poolsText,
  routesNeedBgp,
  routesOf,
  rowKey,
  rowsOf,
  selectorOf,
  trace,
  traceOf,
  tunnelEndOf,
  tunnelMtu,
  tunnelsOf,
} from "../../components/plan";
import { errorOf, planOf, type RawConfig } from "../support/problems";

const near = { name: "near", cidr: "172.16.0.0/17", nodes: ["cp1", "w1"] };
const far = { name: "far", cidr: "172.16.128.0/17", nodes: ["w2", "w3"] };
const tunnels = { name: "tunnels", cidr: "172.17.0.0/20", encapsulation: "VXLAN", allowedUses: ["Tunnel"] };

const planWith = (ipPools: readonly object[], more: RawConfig = {}): LabPlan =>
  planOf({ podCidr: "172.16.0.0/15", ipPools, ...more });
const nodeOf = (plan: LabPlan, wanted: string) => plan.nodes.find(({ name }) => name === wanted) as NodePlan;
const routeLines = (plan: LabPlan, node: string): string[] =>
  routesOf(plan, nodeOf(plan, node)).map(({ block, via, device }) => `${block} via ${via} dev ${device}`);
const failuresOf = (plan: LabPlan, path: string) =>
  judge(plan).paths.filter((row) => row.path === path && row.outcome === "fails");

describe("the blocks of nodes that several IPPools select", () => {
  const poolsOf = (plan: LabPlan) => plan.nodes.map(({ name, pool }) => `${name} ${pool}`);

  it("are of the first pool by name, where no pool has a tunnel (libcalico-go, ipam.go: determinePools)", () => {
    const plan = planWith([
      { name: "z", cidr: "172.16.128.0/17", encapsulation: "None" },
      { name: "b", cidr: "172.16.0.0/17", encapsulation: "None", nodes: ["w1", "w2"] },
    ]);
    assert.deepEqual(poolsOf(plan), ["cp1 z", "w1 b", "w2 b", "w3 z"]);
    assert.deepEqual(
      plan.nodes.map(({ block }) => block),
      ["172.16.128.0/26", "172.16.0.0/26", "172.16.0.64/26", "172.16.128.64/26"],
    );
  });

  it("are of the pool with the tunnel's address, since calico-node takes that first (allocateip.go)", () => {
    const plan = planWith([
      { name: "a", cidr: "172.16.0.0/17", encapsulation: "None" },
      { name: "b", cidr: "172.16.128.0/17", encapsulation: "VXLAN", nodes: ["w2"] },
    ]);
    assert.deepEqual(poolsOf(plan), ["cp1 a", "w1 a", "w2 b", "w3 a"]);
    assert.match(judge(plan).remarks.join(), /w2: several enabled IPPools select the node/);
  });

  it("are of the pool with the first block as a text, where a node has both tunnels' addresses", () => {
    const plan = planWith([
      { name: "a", cidr: "172.16.128.0/17", encapsulation: "IPIP" },
      { name: "b", cidr: "172.16.0.0/17", encapsulation: "VXLAN" },
    ]);
    assert.deepEqual(new Set(plan.nodes.map(({ pool }) => pool)), new Set(["b"]));
    assert.deepEqual(nodeOf(plan, "w1").tunnels, {
      ipip: { address: "172.16.128.64", block: "172.16.128.64/26" },
      vxlan: { address: "172.16.0.64", block: "172.16.0.64/26" },
    });
  });

  it("are never of a disabled pool, nor pods' of a pool for Tunnel, nor tunnels' of one for Workload", () => {
    const plan = planWith([
      { name: "a", cidr: "172.16.0.0/18", encapsulation: "VXLAN", disabled: true },
      { name: "b", cidr: "172.16.64.0/18", encapsulation: "VXLAN", allowedUses: ["Workload"] },
      { name: "c", cidr: "172.16.128.0/18", encapsulation: "VXLAN", allowedUses: ["Tunnel"] },
    ]);
    const { pool, block, tunnels: ends } = nodeOf(plan, "cp1");
    assert.deepEqual([pool, block], ["b", "172.16.64.0/26"]);
    assert.deepEqual(ends, { vxlan: { address: "172.16.128.0", block: "172.16.128.0/26" } });
  });

  it("are the same as ever in a lab without ipPools, and no pool is named there", () => {
    const [first] = planOf({}).nodes;
    assert.deepEqual([first?.block, first?.tunnelAddress], ["172.16.0.0/26", "172.16.0.0"]);
    assert.equal(JSON.stringify(planOf({})).match(/"(ipPools|pool|tunnels)":/), null);
  });
});

describe("a packet to a pod of one of several IPPools", () => {
  it("takes the way of its destination's pool (bird_ipam.cfg.template, l3_route_resolver.go)", () => {
    const plan = planWith([
      { ...near, encapsulation: "None" },
      { ...far, encapsulation: "IPIP" },
    ]);
    assert.deepEqual(routeLines(plan, "cp1"), [
      "172.16.0.64/26 via 10.0.3.11 dev eth0",
      "172.16.128.0/26 via 10.0.4.10 dev tunl0",
      "172.16.128.64/26 via 10.0.4.11 dev tunl0",
    ]);
    assert.deepEqual(routeLines(plan, "w2"), [
      "172.16.0.0/26 via 10.0.4.1 dev eth0",
      "172.16.0.64/26 via 10.0.4.1 dev eth0",
      "172.16.128.64/26 via 10.0.4.11 dev tunl0",
    ]);
  });

  it("keeps the node's own address where tunl0 has none, because no pool with IPIP selects the node", () => {
    const plan = planWith([
      { ...near, encapsulation: "None" },
      { ...far, encapsulation: "IPIP" },
    ]);
    const [from, to] = [nodeOf(plan, "cp1"), nodeOf(plan, "w2")];
    const source = { name: "cp1", node: "cp1", address: from.address };
    const { hops } = trace(
      plan,
      source,
      { kind: "pod", pod: to.pods[0] as never, node: to },
      { protocol: "icmp", size: 84 },
    );
    assert.equal(hops[0]?.decision, "takes the source address 10.0.3.10");
  });

  it("is lost from a node without vxlan.calico, with the pool that would give it one as the fix (calicoctl#2105)", () => {
    const pools = [
      { ...near, encapsulation: "None" },
      { ...far, encapsulation: "VXLAN" },
    ];
    const plan = planWith(pools, { podRoutes: "bgp", peering: { disableBGPExport: true } });
    const [lost] = failuresOf(planWith(pools), "cross-subnet").filter(({ part }) => part === "from cp1, w1");
    assert.match(lost?.failure?.cause ?? "", /no enabled IPPool with VXLAN selects cp1 for Tunnel/);
    assert.match(lost?.failure?.fix ?? "", /allowedUses \[Tunnel\]/);
    assert.equal(lost?.carrier, "no VXLAN route: the default route");
    assert.ok(routeLines(plan, "cp1").every((line) => !line.includes("172.16.128.")));
    const fixed = planWith([...pools, tunnels], { podRoutes: "bgp" });
    assert.deepEqual(
      judge(fixed).paths.filter(({ outcome }) => outcome === "fails"),
      [],
    );
  });

  it("has a row for each pool's way, and the answer is for the pool of the packet's own source", () => {
    const plan = planWith([{ ...near, encapsulation: "None" }, { ...far, encapsulation: "VXLAN" }, tunnels], {
      podRoutes: "bgp",
    });
    const row = rowsOf(plan).rows.find(({ key }) => key === "cross-subnet from cp1, w1");
    assert.ok(row);
    const out = traceOf(plan, row.pair, "ICMP").hops.flatMap(({ direction, device }) =>
      device?.out === "vxlan.calico" || device?.out === "eth0" ? [`${direction} ${device.out}`] : [],
    );
    assert.equal(out.includes("there vxlan.calico"), true);
    assert.equal(out.includes("back vxlan.calico"), false);
  });

  it("is dropped by a strict reverse path filter where it comes directly and its answer would take the tunnel", () => {
    const plan = planWith([{ ...near, encapsulation: "VXLAN" }, { ...far, encapsulation: "None" }, tunnels], {
      faults: ["rp-filter-strict"],
      podRoutes: "bgp",
    });
    assert.ok(failuresOf(plan, "cross-subnet").some(({ failure }) => failure?.fault === "rp-filter-strict"));
  });
});

describe("a node without an end of a VXLAN pool's tunnel", () => {
  const CASES: [what: string, lacking: string, pools: object[], row: string][] = [
    [
      "the sender",
      "cp1",
      [
        { ...near, encapsulation: "None" },
        { ...far, encapsulation: "VXLAN" },
      ],
      "cross-subnet from cp1, w1",
    ],
    [
      "the node whose NodePort a client asks",
      "cp1",
      [
        { ...near, encapsulation: "None" },
        { ...far, encapsulation: "VXLAN" },
      ],
      "client-to-nodeport (cross-subnet) from cp1, w1",
    ],
    [
      "both nodes, since the pool is not for tunnels",
      "cp1 and w2",
      [{ name: "a", cidr: "172.16.0.0/17", encapsulation: "VXLAN", allowedUses: ["Workload"] }],
      "cross-subnet",
    ],
    [
      "the node of the pod, to which another node sends",
      "w1",
      [
        { ...near, nodes: ["w1"], encapsulation: "IPIP" },
        { ...far, encapsulation: "VXLAN" },
        {
          name: "x",
          cidr: "172.17.0.0/20",
          nodes: ["cp1"],
          encapsulation: "VXLAN",
          allowedUses: ["Workload"],
        },
      ],
      "cross-subnet to w1",
    ],
  ];
  for (const [what, lacking, pools, row] of CASES)
    it(`is named in the cause and in the fix: ${what}`, () => {
      const failing = judge(planWith(pools)).paths.filter(({ failure }) => failure);
      const found = failing.find((one) => rowKey(one) === row) ?? assert.fail(failing.map(rowKey).join("\n"));
      assert.ok(found.failure);
      assert.ok(
        found.failure.cause.startsWith(
          `no enabled IPPool with VXLAN selects ${lacking} for Tunnel, so Calico gives ${lacking} no tunnel address and no vxlan.calico: `,
        ),
        found.failure.cause,
      );
      assert.ok(found.failure.fix.startsWith(`let such a pool select ${lacking} as well; `));
    });
});

describe("the remarks on several IPPools", () => {
  const remarks = (ipPools: object[], raw: RawConfig = {}) =>
    judge(planWith(ipPools, raw)).remarks.join("\n");
  const modes = (a: string, b: string) => [
    { ...near, encapsulation: a },
    { ...far, encapsulation: b },
  ];

  it("say whose pods each of them has", () => {
    assert.match(
      remarks([...modes("None", "VXLAN"), tunnels, { name: "old", cidr: "192.168.0.0/24", disabled: true }]),
      /^IPPools: far \(172\.16\.128\.0\/17, VXLAN\): pods of w2, w3; near \(172\.16\.0\.0\/17, None\): pods of cp1, w1; old \(192\.168\.0\.0\/24, VXLANCrossSubnet\): disabled, no pods; tunnels \(172\.17\.0\.0\/20, VXLAN\): no pods\./m,
    );
    assert.doesNotMatch(judge(planOf({})).remarks.join(), /IPPools/);
  });

  it("warn only where several pools are for a node's pods", () => {
    assert.doesNotMatch(remarks([...modes("None", "VXLAN"), tunnels]), /several enabled IPPools select/);
    assert.match(
      remarks([...modes("None", "None"), { name: "x", cidr: "172.17.0.0/20", nodes: ["w3"] }]),
      /^w3: several enabled IPPools select the node\./m,
    );
  });

  it("say that there is one MTU, where a pool would leave room for a larger one", () => {
    const sentence = /^all pods have an MTU of (\d+) bytes, that of the narrowest tunnel/m;
    const mtu = (a: string, b: string) => sentence.exec(remarks(modes(a, b)))?.[1];
    assert.equal(mtu("IPIP", "VXLAN"), "1450");
    assert.equal(mtu("None", "IPIP"), "1480");
    assert.equal(mtu("None", "VXLANCrossSubnet"), "1450");
    assert.equal(mtu("None", "None"), undefined);
    assert.equal(mtu("IPIP", "IPIPCrossSubnet"), undefined);
  });
});

describe("static routes to several IPPools", () => {
  const pools = [
    { ...near, encapsulation: "None" },
    { ...far, blockSize: 28, encapsulation: "None" },
    tunnels,
  ];

  it("are one for each block of a node, also where a node has only its tunnel's address of it", () => {
    const { podRoutes } = planWith(pools, { podRoutes: "static" });
    assert.deepEqual(
      podRoutes.map(({ block, node, via }) => `${node} ${block} via ${via}`),
      [
        "cp1 172.16.0.0/26 via 10.0.3.10",
        "cp1 172.17.0.0/26 via 10.0.3.10",
        "w1 172.16.0.64/26 via 10.0.3.11",
        "w1 172.17.0.64/26 via 10.0.3.11",
        "w2 172.16.128.0/28 via 10.0.4.10",
        "w2 172.17.0.128/26 via 10.0.4.10",
        "w3 172.16.128.16/28 via 10.0.4.11",
        "w3 172.17.0.192/26 via 10.0.4.11",
      ],
    );
  });

  it("let packets across subnets without a tunnel, and are what the fix of their loss says", () => {
    const [lost] = failuresOf(planWith(pools), "cross-subnet");
    assert.match(
      lost?.failure?.fix ?? "",
      /set podRoutes: static to give the gateway a route per node block/,
    );
    const routed = planWith(pools, { podRoutes: "static" });
    assert.deepEqual(
      judge(routed).paths.filter(({ outcome }) => outcome === "fails"),
      [],
    );
    const row = rowsOf(routed).rows.find(({ key }) => key.startsWith("cross-subnet")) ?? assert.fail();
    const { hops } = traceOf(routed, row.pair, "ICMP");
    const gateway = hops.find(({ kind }) => kind === "gateway");
    assert.equal(gateway?.decision, "route 172.16.128.0/28 via 10.0.4.10");
  });
});

describe("natOutgoing of several IPPools", () => {
  const withAddress = (plan: LabPlan, path: string) =>
    judge(plan)
      .paths.filter((row) => row.path === path && row.probe === "TCP")
      .map(({ part = "all", carrier }) => `${part}: ${carrier}`);

  it("is that of the pool of the packet's source (Felix: masq-ipam-pools)", () => {
    const plan = planWith([{ ...near, natOutgoing: false }, far], { encapsulation: "VXLAN" });
    assert.deepEqual(withAddress(plan, "pod-to-internet"), [
      "others: with the node's address",
      "from cp1, w1: with the pod's address",
    ]);
  });

  it("is not for a destination in any pool, a disabled one included (Felix: all-ipam-pools)", () => {
    const disabled = { name: "on-premises", cidr: "10.0.4.0/24", disabled: true };
    const plan = planWith([near, far, disabled], { encapsulation: "VXLAN" });
    assert.ok(withAddress(plan, "pod-to-node").some((text) => text.endsWith("with the pod's address")));
    assert.ok(withAddress(plan, "pod-to-internet").every((text) => text.endsWith("with the node's address")));
    assert.equal(plan.antiSpoofing.needed, true);
  });
});

describe("an address and its pool", () => {
  it("say whether natOutgoing is for a packet, in a lab with one pool by the destination alone", () => {
    const one = planOf({});
    assert.equal(isNatted(one, "172.16.0.1", "10.0.3.10"), true);
    assert.equal(isNatted(one, "172.16.0.1", "172.16.0.65"), false);
    assert.equal(isNatted(planOf({ natOutgoing: false }), "172.16.0.1", "10.0.3.10"), false);
    const two = planWith([{ ...near, natOutgoing: false }, far]);
    assert.equal(isNatted(two, "172.16.0.1", "10.0.3.10"), false);
    assert.equal(isNatted(two, "172.16.128.1", "10.0.3.10"), true);
    assert.equal(isNatted(two, "172.16.128.1", "172.16.0.1"), false);
    assert.equal(isNatted(two, "10.0.3.10", "10.0.4.10"), false);
  });

  it("say how a packet travels to it: directly, if it is in no pool", () => {
    const plan = planWith([
      { ...near, encapsulation: "IPIP" },
      { ...far, encapsulation: "VXLAN" },
    ]);
    const modes = ["172.16.0.1", "172.16.128.1", "192.0.2.1"].map((address) =>
      encapsulationAt(plan, address),
    );
    assert.deepEqual(modes, ["IPIP", "VXLAN", "None"]);
    assert.equal(encapsulationAt(planOf({ encapsulation: "VXLAN" }), "192.0.2.1"), "VXLAN");
  });
});

describe("what several IPPools need of the network", () => {
  it("are the rules of every pool's tunnel and of pods' own addresses", () => {
    const needed = (ipPools: object[]) =>
      planWith(ipPools, { fabric: "aws" }).firewall.flatMap(({ name, needed: is }) =>
        is && ["ipip", "vxlan", "pod-cidr"].includes(name) ? [name] : [],
      );
    assert.deepEqual(
      needed([
        { ...near, encapsulation: "IPIP" },
        { ...far, encapsulation: "VXLAN" },
      ]),
      ["ipip", "vxlan"],
    );
    assert.deepEqual(
      needed([
        { ...near, encapsulation: "IPIP" },
        { ...far, encapsulation: "None" },
      ]),
      ["ipip", "pod-cidr"],
    );
  });

  it("is one MTU for all pods, that of the narrowest tunnel, a disabled pool's included (determinePodMTU)", () => {
    const mtu = (ipPools: object[]) => planWith(ipPools).mtu;
    assert.deepEqual(
      mtu([
        { ...near, encapsulation: "IPIP" },
        { ...far, encapsulation: "VXLAN" },
      ]),
      {
        link: 1500,
        tunnel: 1450,
        pod: 1450,
        tunnels: { ipip: 1480, vxlan: 1450 },
      },
    );
    const old = { name: "old", cidr: "192.168.0.0/16", encapsulation: "VXLAN", disabled: true };
    const none = [
      { ...near, encapsulation: "None" },
      { ...far, encapsulation: "None" },
    ];
    assert.equal(mtu(none).pod, 1500);
    assert.equal(mtu([...none, old]).pod, 1450);
  });
});

describe("the tunnels of several IPPools", () => {
  const mixed = () =>
    planWith([
      { ...near, encapsulation: "IPIP" },
      { ...far, encapsulation: "VXLAN" },
      { ...tunnels, encapsulation: "IPIP", allowedUses: ["Tunnel"] },
    ]);

  it("have an MTU each, by their own header", () => {
    const plan = mixed();
    assert.deepEqual([tunnelMtu(plan, "ipip"), tunnelMtu(plan, "vxlan")], [1480, 1450]);
    assert.equal(tunnelMtu(planOf({ encapsulation: "VXLAN" }), "vxlan"), 1450);
  });

  it("are those of enabled pools alone, and BGP is for those of IPIP and for none", () => {
    const of = (a: string, b: string, disabled = false) => {
      const one = planWith([
        { ...near, nodes: undefined, encapsulation: a },
        { ...far, nodes: undefined, encapsulation: b, disabled },
      ]);
      return [tunnelsOf(one).join(), routesNeedBgp(one)];
    };
    assert.deepEqual(of("IPIP", "VXLAN"), ["ipip,vxlan", true]);
    assert.deepEqual(of("None", "VXLAN"), ["vxlan", true]);
    assert.deepEqual(of("VXLAN", "VXLANCrossSubnet"), ["vxlan", false]);
    assert.deepEqual(of("VXLAN", "IPIP", true), ["vxlan", false]);
  });

  it("end in a block of their own where the pods are in another pool's", () => {
    const [cp1, , w2] = mixed().nodes;
    assert.ok(cp1 && w2);
    assert.deepEqual(tunnelEndOf(cp1, "ipip"), { address: "172.16.0.0", block: "172.16.0.0/26" });
    assert.equal(tunnelEndOf(cp1, "vxlan"), undefined);
    assert.deepEqual(tunnelEndOf(w2, "ipip"), { address: "172.17.0.0", block: "172.17.0.0/26" });
    assert.deepEqual(blocksOf(w2), ["172.16.128.0/26", "172.17.0.0/26"]);
    assert.equal(blockWith(w2, "172.17.0.0"), "172.17.0.0/26");
    assert.equal(blockWith(w2, "172.16.128.1"), "172.16.128.0/26");
    const [alone] = planOf({}).nodes;
    assert.ok(alone);
    assert.deepEqual([blocksOf(alone), blockWith(alone, "172.16.0.1")], [["172.16.0.0/26"], "172.16.0.0/26"]);
    assert.deepEqual(tunnelEndOf(alone, "ipip"), { address: "172.16.0.0", block: "172.16.0.0/26" });
  });
});

describe("several IPPools in words", () => {
  it("have a selector by the label that every node has, in Calico's syntax", () => {
    assert.equal(selectorOf({}), "all()");
    assert.equal(selectorOf({ nodes: ["w1"] }), "kubernetes.io/hostname == 'w1'");
    assert.equal(selectorOf({ nodes: ["w1", "w2"] }), "kubernetes.io/hostname in { 'w1', 'w2' }");
  });

  it("are told with what each of them is for, a disabled one as well", () => {
    const plan = planWith([
      { ...near, encapsulation: "None", natOutgoing: false },
      { ...far, encapsulation: "VXLAN", blockSize: 27 },
      { ...tunnels, encapsulation: "IPIP", disabled: true },
    ]);
    assert.equal(
      poolsText(plan),
      "far 172.16.128.0/17 VXLAN, blocks of /27, on w2, w3; near 172.16.0.0/17 None, blocks of /26, no natOutgoing, on cp1, w1; tunnels 172.17.0.0/20 IPIP, blocks of /26, for Tunnel only, disabled",
    );
    assert.equal(encapsulationText(plan), "VXLAN + None");
    assert.equal(poolsText(planOf({})), undefined);
    assert.equal(encapsulationText(planOf({ encapsulation: "IPIP" })), "IPIP");
  });
});

describe("the key encapsulation beside ipPools", () => {
  it("can be switched where a pool follows it, and always without ipPools", () => {
    assert.equal(canSwitch(planOf({})), true);
    assert.equal(canSwitch(planWith([near, { ...far, encapsulation: "None" }])), true);
    assert.equal(
      canSwitch(
        planWith([
          { ...near, encapsulation: "IPIP" },
          { ...far, encapsulation: "None" },
        ]),
      ),
      false,
    );
  });

  it("is that of the pools that name none, so that a switch changes those alone", () => {
    const pools = [near, { ...far, encapsulation: "None" }];
    const modes = (encapsulation: string) =>
      planWith(pools, { encapsulation }).ipPools?.map((pool) => `${pool.name} ${pool.encapsulation}`);
    assert.deepEqual(modes("VXLAN"), ["far None", "near VXLAN"]);
    assert.deepEqual(modes("IPIP"), ["far None", "near IPIP"]);
  });
});

describe("ipPools that no lab can have", () => {
  const CASES: [what: string, key: string, config: RawConfig, error: RegExp][] = [
    [
      "two of one name",
      "ipPools[1].name",
      { ipPools: [near, { ...far, name: "near" }] },
      /ipPools\[1\]\.name.*must be unique/,
    ],
    [
      "two that overlap",
      "ipPools[1].cidr",
      { ipPools: [near, { ...far, cidr: "172.16.64.0/18" }] },
      /overlaps ipPools\[0\]\.cidr \(172\.16\.0\.0\/17\); Calico refuses/,
    ],
    [
      "one outside podCidr",
      "ipPools[1].cidr",
      { ipPools: [near, { ...far, cidr: "192.168.0.0/16" }] },
      /must be inside podCidr 172\.16\.0\.0\/16/,
    ],
    [
      "host bits",
      "ipPools[0].cidr",
      { ipPools: [{ ...near, cidr: "172.16.0.1/17" }, far] },
      /the network is 172\.16\.0\.0\/17/,
    ],
    [
      "an unknown node",
      "ipPools[1].nodes[2]",
      { ipPools: [near, { ...far, nodes: ["w2", "w3", "w4"] }] },
      /must be one of the nodes cp1, w1, w2, w3/,
    ],
    [
      "a node twice",
      "ipPools[1].nodes[2]",
      { ipPools: [near, { ...far, nodes: ["w2", "w3", "w3"] }] },
      /already in the list/,
    ],
    ["a node in no pool", "ipPools", { ipPools: [near] }, /no enabled pool for Workload selects w2, w3/],
    [
      "too few blocks",
      "ipPools[1].cidr",
      { ipPools: [near, { ...far, cidr: "172.16.128.0/26" }] },
      /it has 1 blocks of \/26 for 2 nodes/,
    ],
    [
      "a block larger than its pool",
      "ipPools[1].blockSize",
      { ipPools: [near, { ...far, cidr: "172.16.128.0/24", blockSize: 20 }] },
      /cannot be larger than the pool's cidr/,
    ],
    [
      "no Calico",
      "ipPools",
      {
        ipPools: [near, far],
        calico: { install: "none" },
        cloud: "hosts",
        hosts: { machines: "containers" },
      },
      /IPPools are Calico's/,
    ],
    [
      "no BGP for a pool that needs it",
      "bgp",
      { ipPools: [near, { ...far, encapsulation: "None" }], bgp: "Disabled" },
      /encapsulation None \+ VXLANCrossSubnet gets its routes by BGP/,
    ],
    [
      "a pool larger than podCidr",
      "ipPools[0].cidr",
      { ipPools: [{ name: "all", cidr: "172.16.0.0/15" }] },
      /must be inside podCidr 172\.16\.0\.0\/16/,
    ],
  ];
  for (const [what, key, config, error] of CASES)
    it(`are refused with a way out: ${what}`, () => {
      const refused = errorOf(config);
      assert.match(String(refused), error);
      assert.deepEqual(
        refused?.problems.map((one) => one.key),
        [key],
      );
    });

  it("begin where the last that a lab can have end: at podCidr itself, with one block, with none to spare", () => {
    const accepted = (ipPools: object[], topology?: object) =>
      assert.equal(errorOf({ ipPools, ...(topology && { topology }) }), undefined);
    accepted([{ name: "all", cidr: "172.16.0.0/16" }]);
    accepted([near, { ...far, cidr: "172.16.128.0/25" }]);
    accepted([{ name: "all", cidr: "172.16.0.0/26" }], [{ name: "a", cidr: "10.0.3.0/24", nodes: ["cp1"] }]);
    accepted([near, far, { name: "old", cidr: "192.168.0.0/24", blockSize: 20, disabled: true }]);
  });

  it("have keys that are checked one by one", () => {
    assert.throws(
      () => planLab(parseConfig({ ipPools: [{ ...near, encapsulation: "vxlan" }] })),
      /must be one of IPIP, .*did you mean/i,
    );
    assert.throws(
      () => planLab(parseConfig({ ipPools: [{ ...near, nodeSelector: "all()" }] })),
      /nodeSelector/,
    );
  });
});
