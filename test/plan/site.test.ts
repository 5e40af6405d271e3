/** Two sites: the plan of their routers, what their link carries, and how a trace shows it. */
import assert from "node:assert/strict";
import {
  crossesLink,
  espBytes,
  innerMtu,
  judge,
  type LabPlan,
  LIBIPSEC_MTU,
  type PathVerdict,
  pairsOf,
  rowKey,
  sessionUp,
  traceOf,
} from "../../components/plan";
import {
  associationFault,
  gatewayName,
  isSelected,
  linkFault,
  selectorsText,
  siteOf,
  withoutRoute,
} from "../../components/plan/site";
import { errorOf, planOf, type RawConfig } from "../support/problems";

/** L15's own addresses, and a third subnet, so that CrossSubnet has three kinds of neighbours. */
const SUBNETS = [
  { name: "office", cidr: "192.168.1.0/24", nodes: ["cp1", "w1"] },
  { name: "lab", cidr: "192.168.2.0/24", nodes: ["w2"] },
  { name: "vpc", cidr: "172.31.0.0/16", nodes: ["w3", "w4"] },
];
const JOINED: RawConfig = {
  topology: SUBNETS,
  sites: [
    { name: "a", subnets: ["office", "lab"] },
    { name: "b", subnets: ["vpc"] },
  ],
};

const joined = (raw: RawConfig = {}): LabPlan => planOf({ ...JOINED, ...raw });
const rowsOn = (plan: LabPlan, row: string): PathVerdict[] =>
  judge(plan).paths.filter((one) => rowKey(one) === row);
const outcomes = (plan: LabPlan, row: string) =>
  Object.fromEntries(rowsOn(plan, row).map(({ probe, outcome }) => [probe, outcome]));
const works = { ICMP: "works", TCP: "works", "full-MTU": "works" };
const fails = { ICMP: "fails", TCP: "fails", "full-MTU": "fails" };

describe("ESP", () => {
  // By hand, from RFC 4303, 3602, 4868 and 3948: 1500 - 20 - 8 - 8 - 16 - 16 is 1432, of which 1424 are whole blocks.
  for (const [path, proposal, natTraversal, inner] of [
    [1500, "aes128-sha256", true, 1422],
    [1500, "aes128-sha256", false, 1438],
    [1500, "aes256-sha1", true, 1422],
    [1500, "aes256-sha512-modp2048", true, 1406],
    [1400, "aes128-sha256", true, 1326],
    // AES-GCM, RFC 4106 and 4303: 1500 - 20 - 8 - 8 - 8 - 16 is 1440, all of it blocks of 4, of which the trailer has 2.
    [1500, "aes128gcm16", true, 1438],
    [1500, "aes256gcm16-modp2048", false, 1446],
    [1400, "aes192gcm12", true, 1342],
    [1400, "aes256gcm8", true, 1346],
  ] as const)
    it(`leaves ${inner} of ${path} bytes: ${proposal}, NAT traversal ${natTraversal}`, () => {
      assert.equal(innerMtu(path, proposal, natTraversal), inner);
    });

  it("fills a path to its MTU with the largest packet, and not with one that is a byte longer", () => {
    for (const proposal of [
      "aes128-sha1",
      "aes128-sha256",
      "aes192-sha384",
      "aes256-sha512",
      "aes128gcm8",
      "aes256gcm16",
    ])
      for (let path = 1280; path <= 1500; path++) {
        const inner = innerMtu(path, proposal, true);
        assert.ok(28 + inner + espBytes(inner, proposal) <= path);
        assert.ok(28 + inner + 1 + espBytes(inner + 1, proposal) > path);
      }
  });
});

describe("the plan of two sites", () => {
  it("gives each site a router with an address of its own, and each node its site", () => {
    const { sites, nodes } = joined();
    assert.deepEqual(sites, [
      { name: "a", router: "router-a", address: "203.0.113.1", subnets: ["office", "lab"] },
      { name: "b", router: "router-b", address: "203.0.113.2", subnets: ["vpc"] },
    ]);
    assert.deepEqual(
      nodes.map(({ name, site }) => `${name} ${site}`),
      ["cp1 a", "w1 a", "w2 a", "w3 b", "w4 b"],
    );
  });

  it("has IKEv2, the first site as initiator, and the subnets as selectors, unless it says otherwise", () => {
    const { link } = joined();
    assert.equal(link?.ike, 2);
    assert.deepEqual(link?.initiators, ["a"]);
    assert.equal(link?.selectors, "subnets");
    assert.deepEqual(joined({ link: { ike: 1, initiator: "both" } }).link?.initiators, ["a", "b"]);
  });

  it("never has the pre-shared key, which would be in reports", () => {
    assert.doesNotMatch(JSON.stringify(joined({ link: { psk: "correct horse" } })), /correct horse/);
  });

  it("makes the pods' MTU fit into the tunnel, by the cipher and the path", () => {
    const pod = (raw: RawConfig) => joined(raw).mtu.pod;
    assert.equal(pod({ encapsulation: "IPIP" }), LIBIPSEC_MTU - 20);
    assert.equal(pod({ encapsulation: "VXLAN", link: { mtu: 1400 } }), 1326 - 50);
    assert.equal(
      pod({ encapsulation: "None", link: { mtu: 1400, proposals: { esp: "aes256-sha512" } } }),
      1310,
    );
  });

  it("has no field of sites in a lab without them", () => {
    const plan = planOf({});
    assert.ok(!("sites" in plan) && !("link" in plan) && plan.nodes.every((node) => !("site" in node)));
    assert.ok(plan.nodes.every((node) => !crossesLink(node, plan.nodes[0] ?? node)));
  });
});

describe("the link of two sites", () => {
  const sidesOf = (raw: RawConfig) => {
    const plan = joined(raw);
    const [a, b] = plan.sites ?? [];
    assert.ok(a && b);
    return { plan, a, b, text: selectorsText(plan, a, b) };
  };

  it("has selectors of the subnets, or also of the pods, or of any address", () => {
    assert.equal(sidesOf({}).text, "192.168.1.0/24, 192.168.2.0/24 === 172.31.0.0/16");
    assert.equal(
      sidesOf({ link: { selectors: "pods" } }).text,
      "192.168.1.0/24, 192.168.2.0/24, 172.16.0.0/16 === 172.31.0.0/16, 172.16.0.0/16",
    );
    assert.equal(sidesOf({ link: { selectors: "any" } }).text, "0.0.0.0/0 === 0.0.0.0/0");
  });

  it("has the routers' own addresses for selectors with ipsec-selectors-too-narrow, whatever they would be", () => {
    for (const selectors of ["subnets", "any"])
      assert.equal(
        sidesOf({ link: { selectors }, faults: ["ipsec-selectors-too-narrow"] }).text,
        "192.168.1.1/32 === 172.31.0.1/32",
      );
  });

  it("holds a packet whose both ends the selectors have, in this direction", () => {
    const { plan, a, b } = sidesOf({});
    const holds = (source: string, destination: string) => isSelected(plan, { source, destination }, a, b);
    assert.equal(holds("192.168.2.10", "172.31.0.10"), true);
    assert.equal(holds("172.31.0.10", "192.168.2.10"), false);
    assert.equal(holds("172.16.0.1", "172.31.0.10"), false);
    assert.equal(holds("192.168.2.10", "172.16.0.1"), false);
  });

  it("is planned in full", () => {
    assert.deepEqual(joined().link, {
      ike: 2,
      initiators: ["a"],
      proposals: { ike: "aes128-sha256-modp2048", esp: "aes128-sha256" },
      selectors: "subnets",
      mtu: { path: 1500, esp: 1422, inner: 1400 },
      broken: [],
    });
    const proposals = { ike: "aes256-sha512-modp4096", esp: "aes256-sha1" };
    assert.deepEqual(joined({ link: { ike: 1, initiator: "b", proposals, mtu: 1300 } }).link, {
      ike: 1,
      initiators: ["b"],
      proposals,
      selectors: "subnets",
      mtu: { path: 1300, esp: 1230, inner: 1230 },
      broken: [],
    });
  });

  it("says which of its faults leaves the routers without an association, and which site without a route", () => {
    const of = (...faults: string[]) => {
      const plan = joined({ faults });
      return [associationFault(plan), linkFault(plan), withoutRoute(plan)?.name];
    };
    assert.deepEqual(of(), [undefined, undefined, undefined]);
    for (const fault of [
      "ipsec-nobody-initiates",
      "ipsec-psk-mismatch",
      "ipsec-proposal-mismatch",
      "ipsec-rekey-lost",
    ])
      assert.deepEqual(of(fault), [fault, fault, undefined]);
    assert.deepEqual(of("ipsec-route-missing"), [undefined, "ipsec-route-missing", "b"]);
    assert.deepEqual(of("ipsec-selectors-too-narrow"), [undefined, "ipsec-selectors-too-narrow", undefined]);
    const none = planOf({});
    assert.deepEqual(
      [
        associationFault(none),
        linkFault(none),
        withoutRoute(none),
        none.nodes[0] && siteOf(none, none.nodes[0]),
      ],
      [undefined, undefined, undefined, undefined],
    );
  });

  it("has a router for each node's site, and the fabric's gateway in a lab without sites", () => {
    const plan = joined();
    assert.deepEqual(
      plan.nodes.map((node) => gatewayName(plan, node)),
      ["router-a", "router-a", "router-a", "router-b", "router-b"],
    );
    const aws = planOf({ fabric: "aws" });
    assert.ok(aws.nodes.every((node) => gatewayName(aws, node) === "VPC router"));
  });
});

describe("the verdict on two sites", () => {
  for (const encapsulation of ["IPIP", "IPIPCrossSubnet", "VXLAN", "VXLANCrossSubnet"])
    it(`carries pods in ${encapsulation} across the link, since the outer packets have the nodes' addresses`, () => {
      assert.deepEqual(outcomes(joined({ encapsulation }), "cross-site"), works);
    });

  it("drops pods at the tunnel without encapsulation: their addresses are not in the selectors", () => {
    const plan = joined({ encapsulation: "None", podRoutes: true });
    assert.deepEqual(outcomes(plan, "cross-subnet"), works);
    assert.deepEqual(outcomes(plan, "cross-site"), fails);
    const [row] = rowsOn(plan, "cross-site");
    assert.equal(row?.failure?.hop, "ipsec0 of router-a");
    assert.match(
      row?.failure?.cause ?? "",
      /selectors of the tunnel between the sites hold the sites' subnets only/,
    );
  });

  it("carries them once the selectors hold them and the routers know them", () => {
    for (const selectors of ["pods", "any"] as const) {
      const link = { selectors };
      assert.deepEqual(
        outcomes(joined({ encapsulation: "None", podRoutes: true, link }), "cross-site"),
        works,
      );
      const [row] = rowsOn(joined({ encapsulation: "None", link }), "cross-site");
      assert.equal(row?.failure?.hop, "router-b", "the other router does not know the pods");
    }
  });

  it("has three kinds of neighbours under CrossSubnet: direct, tunnelled, and tunnelled inside the link", () => {
    const plan = joined({ encapsulation: "IPIPCrossSubnet" });
    const carrier = (row: string) => rowsOn(plan, row)[0]?.carrier;
    assert.deepEqual(["same-subnet", "cross-subnet", "cross-site"].map(carrier), [
      "direct",
      "tunl0, IP protocol 4",
      "tunl0, IP protocol 4",
    ]);
    const devices = (row: string) => {
      const pair = pairsOf(plan).find((one) => rowKey(one) === row);
      return pair
        ? traceOf(plan, pair, "ICMP")
            .hops.filter(({ direction }) => direction === "there")
            .map(({ name }) => name)
        : [];
    };
    assert.ok(!devices("same-subnet").some((name) => /router|tunl0|ipsec0/.test(name)));
    assert.ok(
      devices("cross-subnet").includes("router-a") && !devices("cross-subnet").includes("ipsec0 of router-a"),
    );
    assert.ok(
      devices("cross-site").includes("tunl0 of cp1") && devices("cross-site").includes("ipsec0 of router-a"),
    );
  });

  it("delivers what a node sends to a node of the other site with ttl 62", () => {
    const plan = joined({ natOutgoing: true });
    const pair = pairsOf(plan).find(({ path, reach }) => path === "pod-to-node" && reach === "cross-site");
    assert.ok(pair);
    const { hops } = traceOf(
      plan,
      { ...pair, from: { name: "cp1", node: "cp1", address: "192.168.1.10" } },
      "ICMP",
    );
    const arrives = hops.filter(({ direction }) => direction === "there").at(-1)?.in?.headers[0];
    assert.equal(arrives?.kind === "ipv4" && arrives.ttl, 62);
  });

  it("shows ESP in UDP 4500 on the way, as long as tcpdump sees it", () => {
    const plan = joined({ encapsulation: "VXLAN" });
    const pair = pairsOf(plan).find(({ path }) => path === "cross-site");
    assert.ok(pair);
    const into = traceOf(plan, pair, "full-MTU").hops.find(({ name }) => name === "ipsec0 of router-a");
    assert.deepEqual(
      into?.out?.headers.slice(0, 3).map(({ kind }) => kind),
      ["ipv4", "udp", "esp"],
    );
    assert.equal(into?.in?.length, LIBIPSEC_MTU);
    // 1400 bytes and 2 of the trailer are 88 blocks of 16; and 20 + 8 + 8 + 16 + 16 around them.
    assert.equal(into?.out?.length, 1408 + 68);
  });

  it("derives what AES-GCM leaves of a path, which is more than AES-CBC does, and shows its ESP on the way", () => {
    const link = { mtu: 1400, proposals: { esp: "aes128gcm16" } };
    const plan = joined({ encapsulation: "VXLAN", link });
    assert.equal(plan.link?.mtu.inner, 1338);
    const pair = pairsOf(plan).find(({ path }) => path === "cross-site");
    assert.ok(pair);
    const into = traceOf(plan, pair, "full-MTU").hops.find(({ name }) => name === "ipsec0 of router-a");
    assert.deepEqual([into?.in?.length, into?.out?.length], [1338, 1400]);
    assert.match(into?.decision ?? "", /ESP \(aes128gcm16\) in UDP 4500/);
  });

  it("loses full-size packets in the tunnel where pods believe in the link's MTU", () => {
    const plan = joined({
      encapsulation: "None",
      podRoutes: true,
      link: { selectors: "any" },
      faults: ["mtu-too-big"],
    });
    assert.deepEqual(outcomes(plan, "cross-site"), { ...works, "full-MTU": "fails" });
    assert.deepEqual(outcomes(plan, "cross-subnet"), works);
    const [, , row] = rowsOn(plan, "cross-site");
    assert.match(row?.failure?.cause ?? "", /1500 bytes with DF set, and ipsec0 of router-a carries 1400/);
  });
});

describe("a tenant network over two sites", () => {
  const TENANTS = {
    cidr: "20.20.1.0/24",
    instances: [{ name: "vm1", host: "w1", address: "20.20.1.98" }],
    ports: ["w1", "w3"],
  };

  it("reaches the pods of a node with a port in the other site, in Neutron's VXLAN inside ESP", () => {
    const plan = joined({ encapsulation: "None", tenants: { ...TENANTS, podRoutes: true } });
    for (const path of ["pod-to-tenant", "tenant-to-pod"])
      assert.deepEqual(outcomes(plan, `${path} (cross-site)`), works, path);
    const pair = pairsOf(plan).find((one) => rowKey(one) === "pod-to-tenant (cross-site)");
    assert.ok(pair);
    const names = traceOf(plan, pair, "ICMP").hops.map(({ name }) => name);
    for (const hop of [
      "vxlan-tenant of w3",
      "ipsec0 of router-b",
      "ipsec0 of router-a",
      "vxlan-tenant of w1",
    ])
      assert.ok(names.includes(hop), hop);
  });

  it("has an MTU that fits into the tunnel between the sites, since Neutron has one for all instances", () => {
    assert.equal(joined({ tenants: TENANTS }).tenant?.mtu, LIBIPSEC_MTU - 50);
    const link = { mtu: 1400, proposals: { esp: "aes128gcm16" } };
    assert.equal(joined({ tenants: TENANTS, link }).tenant?.mtu, 1338 - 50);
  });

  it("is lost at its own site's router from a node without a port", () => {
    const plan = joined({ tenants: { ...TENANTS, ports: ["w1", "w2", "cp1", "w3"] } });
    const [row] = rowsOn(plan, "pod-to-tenant (without port)");
    assert.equal(row?.failure?.hop, "router-b");
  });

  it("is cut off from the other site, and not from its own, by a fault of the link", () => {
    const plan = joined({ tenants: { ...TENANTS, ports: ["cp1", "w3"] }, faults: ["ipsec-psk-mismatch"] });
    assert.deepEqual(outcomes(plan, "pod-to-tenant (cross-site)"), fails);
    assert.deepEqual(outcomes(plan, "pod-to-tenant (same-subnet)"), works);
    assert.equal(rowsOn(plan, "pod-to-tenant (cross-site)")[0]?.failure?.fault, "ipsec-psk-mismatch");
  });
});

describe("a fault of the link", () => {
  for (const fault of [
    "ipsec-nobody-initiates",
    "ipsec-psk-mismatch",
    "ipsec-proposal-mismatch",
    "ipsec-route-missing",
    "ipsec-selectors-too-narrow",
    "ipsec-rekey-lost",
  ] as const)
    it(`cuts the sites off from each other, and nothing else: ${fault}`, () => {
      for (const encapsulation of ["IPIP", "VXLANCrossSubnet", "None"] as const) {
        const healthy = judge(joined({ encapsulation, podRoutes: true, link: { selectors: "any" } }));
        const plan = joined({ encapsulation, podRoutes: true, link: { selectors: "any" }, faults: [fault] });
        const lost = judge(plan).paths.filter(({ outcome }) => outcome === "fails");
        assert.ok(lost.length > 0);
        assert.ok(healthy.paths.every(({ outcome }) => outcome === "works"));
        assert.ok(lost.every((row) => rowKey(row).includes("cross-site") && row.failure?.fault === fault));
        const [cp1, w1, , w3] = plan.nodes;
        assert.ok(cp1 && w1 && w3);
        assert.deepEqual([sessionUp(plan, cp1, w1), sessionUp(plan, cp1, w3)], [true, false], "BGP");
      }
    });

  it("that takes a route away loses packets of one site, and the answers to those of the other", () => {
    const plan = joined({ encapsulation: "VXLAN", faults: ["ipsec-route-missing"] });
    const rows = judge(plan).paths.filter(({ path, probe }) => path === "cross-site" && probe === "ICMP");
    assert.deepEqual(rows.map(({ failure }) => /the answer/.test(failure?.cause ?? "")).sort(), [
      false,
      true,
    ]);
    assert.ok(rows.every(({ failure }) => failure?.hop === "router-b"));
  });
});

describe("sites in the config", () => {
  const refused = (raw: RawConfig): string => errorOf({ ...JOINED, ...raw })?.message ?? "";

  it("are refused where nothing joins them yet, with the way out", () => {
    for (const cloud of ["aws", "openstack"])
      assert.match(
        refused({ cloud }),
        /only the twin joins them, and machines that you have; set rehearse: twin/,
      );
    assert.match(refused({ rehearse: "containers" }), /node containers cannot have sites/);
    const topology = ["office", "lab", "vpc"].map((name, i) => ({
      name,
      cidr: `10.0.${i}.0/24`,
      nodes: [`n${i}`],
    }));
    assert.equal(refused({ cloud: "aws", rehearse: true, topology }), "");
    assert.match(refused({ fabric: "hetzner" }), /fabric hetzner cannot have sites/);
  });

  const MACHINES = [
    { name: "cp1", address: "203.0.113.10", nodeAddress: "192.168.1.10" },
    { name: "w1", address: "203.0.113.11", nodeAddress: "192.168.1.11" },
    { name: "w2", address: "198.51.100.10", nodeAddress: "172.31.0.10" },
  ];
  const ON_MACHINES: RawConfig = {
    cloud: "hosts",
    topology: [
      { name: "office", cidr: "192.168.1.0/24", nodes: ["cp1", "w1"] },
      { name: "vpc", cidr: "172.31.0.0/16", nodes: ["w2"] },
    ],
    sites: [
      { name: "a", subnets: ["office"], gateway: "cp1" },
      { name: "b", subnets: ["vpc"], gateway: "w2" },
    ],
    hosts: { machines: MACHINES },
  };

  it("have a machine each as the gateway where the lab is on machines, and routers when it is rehearsed", () => {
    const { sites } = planOf(ON_MACHINES);
    assert.deepEqual(
      sites?.map(({ router, address }) => [router, address]),
      [
        ["cp1", "192.168.1.10"],
        ["w2", "172.31.0.10"],
      ],
    );
    const plan = planOf({ ...ON_MACHINES, encapsulation: "None" });
    assert.equal(rowsOn(plan, "cross-site")[0]?.failure?.hop, "ipsec0 of cp1");
    assert.deepEqual(outcomes(planOf({ ...ON_MACHINES, encapsulation: "VXLAN" }), "cross-site"), works);
    const rehearsed = planOf({ ...ON_MACHINES, rehearse: true }).sites;
    assert.deepEqual(
      rehearsed?.map(({ router }) => router),
      ["router-a", "router-b"],
    );
  });

  it("are refused on machines that cannot be joined so, with the way out", () => {
    const on = (raw: RawConfig) => errorOf({ ...ON_MACHINES, ...raw })?.message ?? "";
    const gateways = (a?: string, b = "w2") => [
      { name: "a", subnets: ["office"], ...(a && { gateway: a }) },
      { name: "b", subnets: ["vpc"], gateway: b },
    ];
    assert.equal(on({}), "");
    assert.match(
      on({ sites: gateways() }),
      /gateway is \(not set\): must be the machine that joins .*: cp1, w1/,
    );
    assert.match(on({ sites: gateways("w2") }), /sites\[0\].gateway is "w2": must be the machine/);
    assert.match(on({ link: { selectors: "any" } }), /link.selectors is "any": must be subnets on machines/);
    assert.match(on({ cluster: "none" }), /must be kubeadm in a lab with sites/);
    assert.match(
      on({ faults: ["ipsec-psk-mismatch"] }),
      /only the twin breaks the tunnel; set rehearse: twin/,
    );
    const topology = [
      { name: "office", cidr: "192.168.1.0/24", nodes: ["cp1"] },
      { name: "lab", cidr: "192.168.2.0/24", nodes: [{ name: "w1", address: "192.168.2.11" }] },
      { name: "vpc", cidr: "172.31.0.0/16", nodes: ["w2"] },
    ];
    const [first, , third] = MACHINES;
    const machines = [first, { name: "w1", address: "203.0.113.11" }, third];
    const [a, b] = gateways("cp1");
    assert.match(
      on({ topology, hosts: { machines }, sites: [{ ...a, subnets: ["office", "lab"] }, b] }),
      /sites\[0\].subnets is "office, lab": must be one subnet on machines/,
    );
    assert.match(refused({ sites: gateways("cp1") }), /the twin makes a router for each site/);
  });

  it("hold each subnet once, and name only what is there", () => {
    const sites = (a: string[], b: string[]) => ({
      sites: [
        { name: "a", subnets: a },
        { name: "b", subnets: b },
      ],
    });
    assert.match(refused(sites(["office"], ["vpc"])), /the subnet lab is in no site/);
    assert.match(refused(sites(["office", "lab"], ["vpc", "lab"])), /it is already in site a/);
    assert.match(
      refused(sites(["office", "lab"], ["vcp"])),
      /must be one of the subnets office, lab, vpc; did you mean vpc/,
    );
    assert.match(refused({ link: { initiator: "c" } }), /must be one of a, b, both/);
    assert.match(refused({ sites: undefined, link: { ike: 1 } }), /there are no sites to join/);
    assert.equal(
      errorOf({ link: {} }),
      undefined,
      "the engine gives sections that are not set as empty ones",
    );
  });

  it("have proposals as swanctl.conf has them: AES-GCM without a hash, and in IKE with a function in its place", () => {
    for (const esp of ["aes128-sha256", "aes256gcm16", "aes192gcm8-modp2048"])
      assert.equal(refused({ link: { proposals: { esp } } }), "", esp);
    for (const esp of ["des-md5", "aes128gcm16-sha256", "aes128gcm10", "aes128"])
      assert.match(refused({ link: { proposals: { esp } } }), /a proposal such as aes128-sha256 or/, esp);
    const ike = "aes256gcm16-prfsha384-modp3072";
    assert.equal(refused({ link: { proposals: { ike } } }), "");
    for (const wrong of ["aes256gcm16-modp3072", "aes128-prfsha256-modp2048", "aes128gcm16-prfsha256"])
      assert.match(
        refused({ link: { proposals: { ike: wrong } } }),
        /or aes128gcm16-prfsha256-modp2048/,
        wrong,
      );
    assert.match(
      refused({ link: { ike: 1, proposals: { ike } } }),
      /link.proposals.ike is "aes256gcm16-prfsha384-modp3072": IKEv1 has no AES-GCM .*; set link.ike: 2/,
    );
    assert.equal(refused({ link: { ike: 1, proposals: { esp: "aes128gcm16" } } }), "", "ESP has it in both");
  });

  const A = { name: "a", subnets: ["office", "lab"] };
  const B = { name: "b", subnets: ["vpc"] };
  const KEYS: [what: string, raw: RawConfig, keys: string[]][] = [
    ["a name that stands for both", { sites: [{ ...A, name: "both" }, B] }, ["sites[0].name"]],
    ["one name twice", { sites: [A, { ...B, name: "a" }] }, ["sites[1].name"]],
    ["a subnet twice", { sites: [A, { ...B, subnets: ["vpc", "lab"] }] }, ["sites[1].subnets[1]"]],
    ["an unknown subnet", { sites: [A, { ...B, subnets: ["vpc", "vcp"] }] }, ["sites[1].subnets[1]"]],
    ["a subnet in no site", { sites: [{ ...A, subnets: ["office"] }, B] }, ["sites"]],
    ["an initiator that is no site", { link: { initiator: "c" } }, ["link.initiator"]],
    ["a link of nothing", { sites: undefined, link: { ike: 1 } }, ["link"]],
    ["routers that speak BGP", { encapsulation: "None", podRoutes: "bgp" }, ["podRoutes"]],
    ["a network without a layer 2", { fabric: "hetzner" }, ["sites"]],
    ["node containers", { rehearse: "containers" }, ["sites"]],
    ["a gateway on the twin", { sites: [{ ...A, gateway: "cp1" }, B] }, ["sites[0].gateway"]],
    [
      "AES-GCM for IKEv1",
      { link: { ike: 1, proposals: { ike: "aes256gcm16-prfsha384-modp3072" } } },
      ["link.proposals.ike"],
    ],
    [
      "a node with the name of a router",
      {
        topology: [
          { name: "office", cidr: "192.168.1.0/24", nodes: ["cp1", "router-b"] },
          ...SUBNETS.slice(1),
        ],
      },
      ["topology[0].nodes[1].name"],
    ],
  ];
  for (const [what, raw, keys] of KEYS)
    it(`are refused at the key that is wrong, and at no other: ${what}`, () => {
      assert.deepEqual(
        errorOf({ ...JOINED, ...raw })?.problems.map(({ key }) => key),
        keys,
      );
    });

  it("are needed for a fault of their link", () => {
    assert.match(
      errorOf({ faults: ["ipsec-psk-mismatch"] })?.message ?? "",
      /there is no link that it could break: set sites/,
    );
  });
});
