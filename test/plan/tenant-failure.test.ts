/** Why a path between pods and a tenant's instances fails, how it travels, and what to know of it, in literal sentences. */
import assert from "node:assert/strict";
import { judge, rowKey } from "../../components/plan";
import { planOf, type RawConfig } from "../support/problems";

const INSTANCE = { name: "vm1", host: "w1", address: "20.20.1.98" };
const tenants = (more: object = {}): RawConfig => ({
  tenants: { cidr: "20.20.1.0/24", instances: [INSTANCE], ports: ["w1", "w2"], ...more },
});

const PLUG =
  "plug the node into the tenant network: a Neutron port bound to it on its own br-int (tenants.ports; on real compute hosts the component TenantPort)";
const OCTAVIA = "/octavia/latest/install/install-ubuntu.html";
const SECURITY = "/neutron/latest/admin/archives/introduction.html";
const ROUTES = "/neutron/latest/admin/intro-os-networking.html";
const unplugged = { faults: [{ fault: "tenant-port-unplugged", nodes: ["w2"] }] };

/** A row of a lab: its cause, its fix, and the end of its reference. */
const CASES: [title: string, raw: RawConfig, row: string, cause: string, fix: string, reference: string][] = [
  [
    "the pod's node has no port",
    tenants(),
    "pod-to-tenant (without port)",
    "the node has no port in 20.20.1.0/24, and the packet 10.0.3.10 > 20.20.1.98 (ICMP) goes to its gateway, which knows no tenant network",
    PLUG,
    OCTAVIA,
  ],
  [
    "the pod's node has lost its port",
    { ...tenants(), ...unplugged },
    "pod-to-tenant (cross-subnet)",
    "the node has no port in 20.20.1.0/24, and the packet 10.0.4.10 > 20.20.1.98 (ICMP) goes to its gateway, which knows no tenant network",
    `take tenant-port-unplugged out of faults: ${PLUG}`,
    OCTAVIA,
  ],
  [
    "the port that an instance has a route by is not plugged",
    { ...tenants({ podRoutes: true }), ...unplugged },
    "tenant-to-pod (cross-subnet)",
    "br-int of w2 has no port that takes the packet 20.20.1.98 > 172.16.0.129 (ICMP)",
    `take tenant-port-unplugged out of faults: ${PLUG}`,
    OCTAVIA,
  ],
  [
    "the instance has no route to pods of a node with a port",
    tenants(),
    "tenant-to-pod (same-node)",
    "the instance has no route to pods but its default one, and the tenant network's router drops the packet 20.20.1.98 > 172.16.0.65 (ICMP)",
    "set tenants.podRoutes: true: the subnet's host routes lead to the node's port, whose allowed address pairs have the node's block",
    ROUTES,
  ],
  [
    "the instance has no route to pods of a node without a port, whatever the others have",
    tenants({ podRoutes: true }),
    "tenant-to-pod (without port)",
    "the instance has no route to pods but its default one, and the tenant network's router drops the packet 20.20.1.98 > 172.16.0.1 (ICMP)",
    `${PLUG}, and set tenants.podRoutes: true`,
    ROUTES,
  ],
  [
    "the pod's address is not the port's",
    { ...tenants(), natOutgoing: false },
    "pod-to-tenant (cross-subnet)",
    "Neutron's port security drops the packet 172.16.0.129 > 20.20.1.98 (ICMP): a pod's address is not the port's, and the instance has no route to answer it",
    "set natOutgoing: true, which gives the packet the port's address, or set tenants.podRoutes: true",
    SECURITY,
  ],
  [
    "the group lets no ping in",
    tenants({ securityGroup: ["tcp"] }),
    "pod-to-tenant (same-node)",
    "the tenant's security group has no rule for the packet 20.20.1.11 > 20.20.1.98 (ICMP)",
    "allow ICMP in it (tenants.securityGroup)",
    SECURITY,
  ],
];

describe("a failure in a tenant network", () => {
  for (const [title, raw, row, cause, fix, reference] of CASES)
    it(`is explained: ${title}`, () => {
      const failing = judge(planOf(raw)).paths.filter(({ failure, probe }) => failure && probe === "ICMP");
      const found = failing.find((one) => rowKey(one) === row) ?? assert.fail(failing.map(rowKey).join("\n"));
      assert.deepEqual([found.failure?.cause, found.failure?.fix], [cause, fix]);
      assert.ok(found.failure?.reference.endsWith(reference), found.failure?.reference);
    });

  it("names the protocol that the group lacks, without its port", () => {
    const { paths } = judge(planOf(tenants({ securityGroup: ["icmp"] })));
    const lost = paths.find(
      (row) => rowKey(row) === "pod-to-tenant (same-node)" && row.probe === "TCP",
    )?.failure;
    assert.equal(lost?.fix, "allow TCP in it (tenants.securityGroup)");
  });
});

describe("the way of a packet between pods and a tenant's instances", () => {
  const carriers = (raw: RawConfig) =>
    Object.fromEntries(
      judge(planOf(raw))
        .paths.filter(({ path }) => path.includes("tenant"))
        .map((row) => [rowKey(row), row.carrier]),
    );

  it("is br-int, Neutron's VXLAN between hosts, and the default route of a node without a port", () => {
    assert.deepEqual(carriers(tenants()), {
      "pod-to-tenant (same-node)": "br-int, with the port's address",
      "pod-to-tenant (cross-subnet)": "br-int, UDP 8472, with the port's address",
      "pod-to-tenant (without port)": "the node's default route",
      "tenant-to-pod (same-node)": "br-int",
      "tenant-to-pod (cross-subnet)": "br-int, UDP 8472",
      "tenant-to-pod (without port)": "the tenant's router",
    });
    assert.equal(
      carriers({ ...tenants({ podRoutes: true }), natOutgoing: false })["pod-to-tenant (same-node)"],
      "br-int, with the pod's address",
    );
  });
});

describe("the remarks on a tenant network", () => {
  const remarks = (raw: RawConfig) => judge(planOf(raw)).remarks.join("\n");
  const clash = /on a compute host with ML2\/OVS and VXLAN, Open vSwitch has UDP 4789/;
  const machines = { cloud: "hosts", topology: undefined };
  const hosts = {
    machines: ["w1", "w2"].map((name, i) => ({ name, address: `192.0.2.${i + 1}`, subnet: "192.0.2.0/24" })),
  };

  it("warn of the port that Calico's VXLAN and Neutron's both want, on real compute hosts", () => {
    const real = { ...tenants(), ...machines, hosts };
    assert.match(remarks({ ...real, encapsulation: "VXLAN" }), clash);
    assert.match(remarks({ ...real, encapsulation: "VXLANCrossSubnet" }), clash);
    assert.doesNotMatch(remarks({ ...real, encapsulation: "IPIP" }), clash);
    assert.doesNotMatch(remarks({ ...tenants(), encapsulation: "VXLAN" }), clash);
  });

  it("say what becomes of a pod's own address", () => {
    const own = { ...tenants(), natOutgoing: false };
    assert.match(remarks(own), /keeps the pod's address: Neutron's port security drops it/);
    assert.match(
      remarks({ ...tenants({ podRoutes: true }), natOutgoing: false }),
      /keeps the pod's address: tenants\.podRoutes lets it out and gives the instance a route/,
    );
    assert.doesNotMatch(remarks({}), /Neutron|tenant/);
  });
});
