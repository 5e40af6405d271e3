/** A tenant network beside pods: what the original lab saw (L16), what natOutgoing does, and what a config may say. */
import assert from "node:assert/strict";
import {
  isBetweenPods,
  judge,
  type PathVerdict,
  pairsOf,
  planLab,
  rowKey,
  rowsOf,
  tenantPortOf,
  traceOf,
} from "../../components/plan";
import { errorOf, planOf, type RawConfig } from "../support/problems";
import { stackConfig } from "../support/stacks";

const INSTANCE = { name: "vm1", host: "w1", address: "20.20.1.98" };
const TENANTS = { cidr: "20.20.1.0/24", instances: [INSTANCE], ports: ["w1", "w2"] };
const tenants = (more: object = {}): RawConfig => ({ tenants: { ...TENANTS, ...more } });

/** The outcomes of a lab's paths to and from instances, by row. */
function outcomes(raw: RawConfig, probe = "ICMP"): Record<string, string> {
  const rows = judge(planOf(raw)).paths.filter((row) => row.path.includes("tenant") && row.probe === probe);
  return Object.fromEntries(rows.map((row) => [rowKey(row), row.failure?.hop ?? row.outcome]));
}

const HERE = ["same-node", "cross-subnet"];
const all = (to: string, from: string) => ({
  ...Object.fromEntries(HERE.map((reach) => [`pod-to-tenant (${reach})`, to])),
  "pod-to-tenant (without port)": "router",
  ...Object.fromEntries(HERE.map((reach) => [`tenant-to-pod (${reach})`, from])),
  "tenant-to-pod (without port)": ROUTER,
});
const ROUTER = "the tenant's router";

describe("L16", () => {
  const plan = planLab(stackConfig("L16"));
  const answer = (key: string) => {
    const row = rowsOf(plan).rows.find((one) => one.key === key) ?? assert.fail(key);
    const { outcome, hops } = traceOf(plan, row.pair, "ICMP");
    const [first] = hops.at(-1)?.in?.headers ?? [];
    return { outcome, from: row.pair.from.node, ttl: first?.kind === "ipv4" ? first.ttl : undefined };
  };

  it("has the original lab's tenant network and instance", () => {
    assert.equal(plan.tenant?.cidr, "20.20.1.0/24");
    assert.deepEqual(
      plan.tenant?.instances.map(({ address }) => address),
      ["20.20.1.98"],
    );
  });

  it("has pods on the plugged worker that reach the instance with ttl 63, and others that lose everything", () => {
    const rows = judge(plan).paths.filter(({ path }) => path === "pod-to-tenant");
    const plugged = rows.filter(({ reach }) => reach !== "without port");
    assert.ok(plugged.length > 0 && plugged.every(({ outcome }) => outcome === "works"));
    const others = rows.filter(({ reach }) => reach === "without port");
    assert.ok(others.length > 0 && others.every(({ outcome }) => outcome === "fails"));
    const key = rowKey(plugged[0] as PathVerdict);
    assert.deepEqual(answer(key), { outcome: "works", from: plan.tenant?.ports[0]?.node, ttl: 63 });
  });
});

describe("natOutgoing on the way to a tenant network", () => {
  it("gives a pod's packet the port's address, so that the instance answers it", () => {
    assert.deepEqual(outcomes(tenants()), all("works", ROUTER));
    const plan = planOf(tenants());
    const row = rowsOf(plan).rows.find(({ key }) => key === "pod-to-tenant (cross-subnet)");
    assert.ok(row);
    const port = plan.nodes.flatMap((node) =>
      node.name === row.pair.from.node ? [tenantPortOf(plan, node)] : [],
    );
    const seen = traceOf(plan, row.pair, "ICMP").hops.flatMap(({ in: packet }) => packet?.headers ?? []);
    const sources = seen.flatMap((header) => (header.kind === "ipv4" ? [header.source] : []));
    assert.ok(sources.includes(port[0]?.address as string));
  });

  it("is needed, since port security drops the pod's own address", () => {
    const rows = judge(planOf({ ...tenants(), natOutgoing: false })).paths;
    const row = rows.find((one) => rowKey(one) === "pod-to-tenant (same-node)");
    assert.match(row?.failure?.cause ?? "", /port security drops the packet 172\.16\.0\.65 > 20\.20\.1\.98/);
    assert.match(row?.failure?.fix ?? "", /^set natOutgoing: true/);
    assert.deepEqual(outcomes({ ...tenants(), natOutgoing: false }), {
      ...all("br-int of w2", ROUTER),
      "pod-to-tenant (same-node)": "br-int of w1",
    });
  });

  it("is not needed with tenants.podRoutes, by which instances also reach pods", () => {
    for (const natOutgoing of [true, false])
      assert.deepEqual(outcomes({ ...tenants({ podRoutes: true }), natOutgoing }), all("works", "works"));
  });

  it("is that of the pool of the pod, where there are several, and the fix names the pool", () => {
    const raw = {
      ...tenants(),
      ipPools: [
        { name: "near", cidr: "172.16.0.0/17", nodes: ["cp1", "w1"] },
        { name: "far", cidr: "172.16.128.0/17", natOutgoing: false, nodes: ["w2", "w3"] },
      ],
    };
    const { paths, remarks } = judge(planOf(raw));
    const ways = paths.filter(({ path, probe }) => path === "pod-to-tenant" && probe === "ICMP");
    const [failing, ...more] = ways.filter(({ outcome }) => outcome === "fails");
    assert.match(failing?.carrier ?? "", /with the pod's address/, JSON.stringify(ways));
    assert.match(
      failing?.failure?.fix ?? "",
      /^set natOutgoing: true for the IPPool far, .* or set tenants\.podRoutes: true$/,
    );
    assert.deepEqual(
      more.map(({ failure }) => failure?.cause ?? "").filter((cause) => !/the node has no port/.test(cause)),
      [],
    );
    assert.match(
      remarks.join("\n"),
      /natOutgoing is not for pods of w2, w3, so a pod's packet to 20\.20\.1\.0\/24 keeps/,
    );
    assert.deepEqual(outcomes({ ...raw, ...tenants({ podRoutes: true }) }), all("works", "works"));
  });

  it("is explained in a remark", () => {
    const remarks = (natOutgoing: boolean) => judge(planOf({ ...tenants(), natOutgoing })).remarks.join("\n");
    assert.match(
      remarks(true),
      /natOutgoing gives a pod's packet to 20\.20\.1\.0\/24 the address of its node's port/,
    );
    assert.match(
      remarks(false),
      /natOutgoing is false, .* keeps the pod's address: Neutron's port security drops it/,
    );
  });
});

describe("a tenant network", () => {
  it("lets in what its security group says, and answers", () => {
    const raw = tenants({ podRoutes: true, securityGroup: ["tcp"] });
    assert.deepEqual(outcomes(raw, "TCP"), all("works", "works"));
    const pings = outcomes(raw);
    assert.equal(pings["pod-to-tenant (same-node)"], "vm1's security group");
    assert.equal(pings["tenant-to-pod (same-node)"], "br-int of w1's security group");
  });

  it("carries its full MTU, 50 bytes less than the link", () => {
    const plan = planOf(tenants());
    assert.equal(plan.tenant?.mtu, 1450);
    assert.equal(outcomes(tenants(), "full-MTU")["pod-to-tenant (cross-subnet)"], "works");
    const narrow = { ...tenants(), faults: [{ fault: "link-mtu-smaller", nodes: ["w2"] }] };
    const rows = outcomes(narrow, "full-MTU");
    assert.equal(rows["pod-to-tenant (cross-subnet)"], "w2's link");
    assert.equal(rows["pod-to-tenant (same-node)"], "works");
  });

  it("is lost to a node whose port is not plugged, and to no other", () => {
    const raw = {
      ...tenants({ podRoutes: true }),
      faults: [{ fault: "tenant-port-unplugged", nodes: ["w2"] }],
    };
    const failed = judge(planOf(raw)).paths.filter(
      ({ failure }) => failure?.fault === "tenant-port-unplugged",
    );
    assert.deepEqual(
      [...new Set(failed.map(rowKey))],
      ["pod-to-tenant (cross-subnet)", "tenant-to-pod (cross-subnet)"],
    );
  });

  it("is not blamed on nat-missing where the node has no port", () => {
    const { paths } = judge(planOf({ ...tenants(), faults: ["nat-missing"] }));
    const fault = (reach: string) =>
      paths.find((row) => row.path === "pod-to-tenant" && row.reach === reach)?.failure?.fault;
    assert.equal(fault("same-node"), "nat-missing");
    assert.equal(fault("without port"), undefined);
  });

  it("has no path that counts as one between pods, which a switch watches and a report has in its grid", () => {
    const between = pairsOf(planOf(tenants())).filter(isBetweenPods);
    assert.equal(between.length, 8 * 7);
    assert.deepEqual([...new Set(between.map(({ path }) => path))].sort(), [
      "cross-subnet",
      "same-node",
      "same-subnet",
    ]);
  });

  it("changes no other path of the lab", () => {
    const others = (raw: RawConfig) =>
      judge(planOf(raw)).paths.filter(({ path }) => !path.includes("tenant"));
    assert.deepEqual(others(tenants()), others({}));
  });
});

describe("the section tenants", () => {
  const found = (raw: RawConfig) =>
    (errorOf(raw)?.problems ?? []).map(({ key, message }) => `${key}: ${message}`).join("\n");
  const BAD: [is: string, more: RawConfig, message: RegExp][] = [
    [
      "on a cloud whose nodes are instances",
      { ...tenants(), cloud: "aws" },
      /^tenants: its nodes must be compute hosts, but the cloud's nodes are its instances; use cloud twin/,
    ],
    [
      "on a cloud whose nodes are Nova's instances",
      { ...tenants(), cloud: "openstack" },
      /^tenants: its nodes must be compute hosts, but the cloud's nodes are its instances;/,
    ],
    [
      "with the network's own address",
      tenants({ instances: [{ ...INSTANCE, address: "20.20.1.0" }] }),
      /^tenants\.instances\[0\]\.address: it is the network, the router or the broadcast address of 20\.20\.1\.0\/24/,
    ],
    [
      "with the broadcast address",
      tenants({ instances: [{ ...INSTANCE, address: "20.20.1.255" }] }),
      /^tenants\.instances\[0\]\.address: it is the network, the router or the broadcast address/,
    ],
    [
      "with a range that is too large",
      tenants({ cidr: "20.20.0.0/15" }),
      /^tenants\.cidr: must be from \/16 to \/28/,
    ],
    [
      "with a node's name",
      tenants({ instances: [{ ...INSTANCE, name: "w1" }] }),
      /^tenants\.instances\[0\]\.name: a node, a pod or another instance has that name/,
    ],
    [
      "with the name of the twin's router",
      tenants({ instances: [{ ...INSTANCE, name: "router" }] }),
      /^tenants\.instances\[0\]\.name: /,
    ],
    [
      "with two of one name",
      tenants({ instances: [INSTANCE, { ...INSTANCE, address: "20.20.1.99" }] }),
      /^tenants\.instances\[1\]\.name: /,
    ],
    [
      "on another fabric",
      { ...tenants(), fabric: "gcp" },
      /^tenants: .* fabric gcp is a cloud's own network/,
    ],
    [
      "with an unknown host",
      tenants({ instances: [{ ...INSTANCE, host: "w9" }] }),
      /instances\[0\]\.host: must be one of the nodes cp1, w1/,
    ],
    [
      "with an address outside",
      tenants({ instances: [{ ...INSTANCE, address: "20.20.2.1" }] }),
      /address: it is outside tenants\.cidr/,
    ],
    [
      "with the router's address",
      tenants({ instances: [{ ...INSTANCE, address: "20.20.1.1" }] }),
      /the router or the broadcast/,
    ],
    ["with a pod's name", tenants({ instances: [{ ...INSTANCE, name: "w1-1" }] }), /names must be unique/],
    [
      "with two equal addresses",
      tenants({ instances: [INSTANCE, { ...INSTANCE, name: "vm2" }] }),
      /addresses must be unique/,
    ],
    ["with a port on an unknown node", tenants({ ports: ["w11"] }), /ports\[0\]: must be one of the nodes/],
    ["with a node twice", tenants({ ports: ["w1", "w1"] }), /ports\[1\]: it is already in the list/],
    [
      "with the pods' range",
      tenants({ cidr: "172.16.5.0/24", instances: [{ ...INSTANCE, address: "172.16.5.9" }] }),
      /tenants\.cidr: it overlaps podCidr/,
    ],
    [
      "with a range that is too small",
      tenants({ cidr: "20.20.1.96/29" }),
      /tenants\.cidr: must be from \/16 to \/28/,
    ],
    [
      "with an unknown protocol",
      tenants({ securityGroup: ["sctp"] }),
      /securityGroup\[0\]: must be one of icmp, tcp, udp/,
    ],
  ];
  for (const [is, raw, message] of BAD)
    it(`is refused ${is}`, () => {
      assert.match(found(raw), message);
    });

  it("may have the first and the last address that are free, and a range of every allowed size", () => {
    for (const address of ["20.20.1.2", "20.20.1.254"])
      assert.equal(found(tenants({ instances: [{ ...INSTANCE, address }] })), "");
    assert.equal(found(tenants({ cidr: "20.20.0.0/16" })), "");
    assert.equal(found(tenants({ cidr: "20.20.1.96/28" })), "");
  });

  it("gives each port the next free address", () => {
    const plan = planOf(tenants({ instances: [{ ...INSTANCE, address: "20.20.1.12" }] }));
    assert.deepEqual(
      plan.tenant?.ports.map(({ address }) => address),
      ["20.20.1.11", "20.20.1.13"],
    );
  });

  it("has room for as many ports as addresses are left", () => {
    const ports = (count: number) => ({
      topology: [{ name: "a", cidr: "10.0.3.0/24", nodes: Array.from({ length: count }, (_, i) => `n${i}`) }],
      tenants: {
        cidr: "20.20.1.0/28",
        instances: [{ name: "vm1", host: "n0", address: "20.20.1.14" }],
        ports: Array.from({ length: count }, (_, i) => `n${i}`),
      },
    });
    assert.equal(found(ports(11)), "");
    assert.match(found(ports(12)), /tenants\.ports: 20\.20\.1\.0\/28 has room for 11/);
  });
});
