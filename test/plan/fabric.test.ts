/** The facts of each fabric against a table from its documentation, and what each means for each mode. */
import assert from "node:assert/strict";
import { ENCAPSULATIONS, FABRICS } from "../../components/config";
import { FABRIC_FACTS, fabricFacts, judge, NEUTRON_BACKENDS, rowsThatDiffer } from "../../components/plan";
import { errorOf, planOf } from "../support/problems";
import { failuresOf, outcomesOf } from "../support/verdicts";

interface Documented {
  /** Default MTU in bytes. */
  mtu: number;
  /** Whether IP protocol 4 is carried. */
  ipip: boolean;
  /** Whether nodes of one subnet are neighbours on layer 2. */
  layer2: boolean;
  /** Whether foreign addresses are dropped until a setting allows them. */
  check: boolean;
  /** The prefix length of a node's own address. */
  prefix: 24 | 32;
}

/**
 * Azure: virtual network FAQ (IP-in-IP is blocked), calico#6568, calicoctl#949, kops#17832. Google Cloud:
 * cloud.google.com/vpc/docs/mtu, using-routes#canipforward, guest OS feature MULTI_IP_SUBNET. Hetzner: "Cloud subnet:
 * layer 3", docs.hetzner.com/networking/networks/technical-concepts/architecture, and faq. OCI: managingVNICs,
 * managingroutetables, connectionhang (MTU 9000). Tailscale: kb/1019 (routes), kb/1337 (proto), tailscale#3836 (MTU).
 */
const DOCUMENTED: Record<string, Documented> = {
  aws: { mtu: 9001, ipip: true, layer2: true, check: true, prefix: 24 },
  openstack: { mtu: 1450, ipip: true, layer2: true, check: true, prefix: 24 },
  plain: { mtu: 1500, ipip: true, layer2: true, check: false, prefix: 24 },
  l3: { mtu: 1500, ipip: true, layer2: false, check: false, prefix: 24 },
  azure: { mtu: 1500, ipip: false, layer2: false, check: true, prefix: 24 },
  gcp: { mtu: 1460, ipip: true, layer2: false, check: true, prefix: 32 },
  hetzner: { mtu: 1450, ipip: true, layer2: false, check: false, prefix: 32 },
  oci: { mtu: 9000, ipip: true, layer2: false, check: true, prefix: 24 },
  tailscale: { mtu: 1280, ipip: false, layer2: false, check: true, prefix: 32 },
};

/** What carries pods' packets between nodes of one subnet, and whether they arrive. */
const SAME_SUBNET: Record<string, Record<(typeof ENCAPSULATIONS)[number], "works" | "fails">> = {
  aws: { IPIP: "works", IPIPCrossSubnet: "works", VXLAN: "works", VXLANCrossSubnet: "works", None: "works" },
  l3: { IPIP: "works", IPIPCrossSubnet: "fails", VXLAN: "works", VXLANCrossSubnet: "fails", None: "fails" },
  azure: {
    IPIP: "fails",
    IPIPCrossSubnet: "fails",
    VXLAN: "works",
    VXLANCrossSubnet: "fails",
    None: "fails",
  },
  gcp: { IPIP: "works", IPIPCrossSubnet: "works", VXLAN: "works", VXLANCrossSubnet: "works", None: "fails" },
  hetzner: {
    IPIP: "works",
    IPIPCrossSubnet: "works",
    VXLAN: "works",
    VXLANCrossSubnet: "works",
    None: "fails",
  },
  oci: { IPIP: "works", IPIPCrossSubnet: "fails", VXLAN: "works", VXLANCrossSubnet: "fails", None: "fails" },
  tailscale: {
    IPIP: "fails",
    IPIPCrossSubnet: "fails",
    VXLAN: "works",
    VXLANCrossSubnet: "works",
    None: "fails",
  },
};

describe("the facts of a fabric", () => {
  it("are those that its documentation gives", () => {
    const known = Object.fromEntries(
      FABRICS.map((fabric): [string, Documented] => {
        const { mtu, dropsIpip, layer3, antiSpoofing } = FABRIC_FACTS[fabric];
        const prefix = layer3?.hostPrefix ?? 24;
        return [
          fabric,
          { mtu, ipip: !dropsIpip, layer2: !layer3, check: antiSpoofing !== undefined, prefix },
        ];
      }),
    );
    assert.deepEqual(known, DOCUMENTED);
  });

  // The same pages, the clouds' Ubuntu images (NIC), and their rules for subnets (EC2 User Guide, "Subnet sizing"; OCI FAQ).
  // biome-ignore format: a table
  const MORE: Record<string, [name: string, nic: string, maxMtu: number | undefined, gateway: string, reserved: number, prefixes: string, fault: string | undefined, checks: string]> = {
    aws: ["EC2", "ens5", 9001, "VPC router", 4, "/16 to /28", "source-dest-check", "out source, in destination"],
    openstack: ["Neutron", "ens3", undefined, "Neutron router", 4, "/8 to /28", "port-security", "out source, in destination"],
    plain: ["the network", "eth0", undefined, "router", 1, "/8 to /30", undefined, ""],
    l3: ["the network", "eth0", undefined, "router", 1, "/8 to /30", undefined, ""],
    azure: ["Azure", "eth0", undefined, "Azure virtual network", 1, "/8 to /30", "source-dest-check", "out source, in destination"],
    gcp: ["Google Cloud", "ens4", 8896, "VPC network", 1, "/8 to /30", "source-dest-check", "out source, in destination"],
    hetzner: ["Hetzner Cloud", "enp7s0", 1450, "gateway of the Hetzner network", 1, "/8 to /30", undefined, ""],
    oci: ["Oracle Cloud", "ens3", 9000, "VCN router", 1, "/16 to /30", "source-dest-check", "out source, in destination"],
    // A peer takes a packet only from the node that has its source address (kb/1019).
    tailscale: ["Tailscale", "tailscale0", undefined, "tailnet", 1, "/8 to /30", undefined, "out , in source"],
  };
  for (const fabric of FABRICS)
    it(`are also its names, its limits and what it checks: ${fabric}`, () => {
      const { name, nic, maxMtu, gateway, reserved, prefixes, antiSpoofing, layer3, snat, groupHasPods } =
        FABRIC_FACTS[fabric];
      const checks = antiSpoofing && `out ${antiSpoofing.checks.out}, in ${antiSpoofing.checks.in}`;
      const lengths = `/${prefixes.min} to /${prefixes.max}`;
      assert.deepEqual(
        [name, nic, maxMtu, gateway, reserved, lengths, antiSpoofing?.fault, checks ?? ""],
        MORE[fabric],
      );
      assert.equal(antiSpoofing?.followsRoutes === true, fabric === "tailscale");
      // No cloud's gateway translates what it does not know, but that of ML2/OVS.
      assert.deepEqual([snat, groupHasPods], ["subnets", false]);
      for (const page of [antiSpoofing, layer3].filter((one) => one !== undefined))
        assert.match(page.reference, /^https:\/\/\S+\.\S+\/\S+$/);
    });

  it("are Neutron's own for a backend, which no other fabric has", () => {
    assert.equal(fabricFacts({ fabric: "openstack", backend: "ovs" }), NEUTRON_BACKENDS.ovs);
    assert.equal(fabricFacts({ fabric: "aws", backend: "ovs" }), FABRIC_FACTS.aws);
  });

  for (const [fabric, modes] of Object.entries(SAME_SUBNET)) {
    for (const encapsulation of ENCAPSULATIONS) {
      it(`decide whether pods of one subnet reach each other: ${encapsulation} on ${fabric} ${modes[encapsulation]}`, () => {
        const raw = { fabric, encapsulation };
        assert.equal(outcomesOf(judge(planOf(raw)))["same-subnet"], modes[encapsulation]);
      });
    }
  }

  it("let direct paths work inside a subnet without a layer 2 once the cloud routes the pods", () => {
    for (const fabric of ["l3", "azure", "gcp", "hetzner", "oci", "tailscale"]) {
      const outcomes = outcomesOf(judge(planOf({ fabric, encapsulation: "None", podRoutes: true })));
      assert.deepEqual([outcomes["same-subnet"], outcomes["cross-subnet"]], ["works", "works"], fabric);
    }
  });

  it("make the verdict name the cloud's own remedy, and VXLAN", () => {
    const fixOf = (raw: object) => failuresOf(judge(planOf({ ...raw })))[0]?.fix ?? "";
    const none = { encapsulation: "VXLANCrossSubnet" };
    assert.match(
      fixOf({ ...none, fabric: "azure" }),
      /use VXLAN, .*\(CrossSubnet does not\), .*route table \(UDR\)/,
    );
    assert.match(fixOf({ ...none, fabric: "oci" }), /use VXLAN, .*the VCN's route table/);
    assert.match(fixOf({ fabric: "gcp", encapsulation: "None" }), /use VXLAN, .*alias IP range/);
    assert.match(
      fixOf({ fabric: "azure", encapsulation: "IPIP" }),
      /^use VXLAN, whose UDP packets Azure carries$/,
    );
    assert.match(fixOf({ fabric: "tailscale", encapsulation: "IPIP" }), /"proto": "ip-in-ip"/);
    const own = { cloud: "hosts", fabric: "azure" };
    assert.match(fixOf({ ...none, ...own }), /have its owner give the subnets' route table \(UDR\)/);
  });

  it("make the verdict say that CrossSubnet tunnels everything where nodes have /32", () => {
    const said = (raw: object) => judge(planOf({ ...raw })).remarks.join("\n");
    assert.match(said({ fabric: "hetzner", encapsulation: "IPIPCrossSubnet" }), /with \/32, .*calico#4254/);
    assert.equal(planOf({ fabric: "gcp" }).nodes[0]?.recordedAddress, "10.0.3.10/32");
    assert.doesNotMatch(said({ fabric: "azure", encapsulation: "VXLANCrossSubnet" }), /with \/32/);
  });

  it("make the verdict say what existing machines' network must allow", () => {
    const verdict = judge(planOf({ cloud: "hosts", fabric: "gcp", encapsulation: "None" }));
    assert.match(verdict.remarks.join("\n"), /expects that you create the instances with canIpForward/);
    assert.match(
      verdict.unknown.join("\n"),
      /firewall rules, which must let through TCP 179, packets of 172/,
    );
  });

  it("let existing machines have .1, .2 and .3, also in a rehearsal, where the router then moves on", () => {
    for (const fabric of ["plain", "l3", "azure", "gcp", "hetzner", "oci", "tailscale"]) {
      for (const rehearse of [true, false]) {
        const machines = [1, 2, 3].map((i) => ({
          name: `m${i}`,
          address: `10.9.0.${i}`,
          subnet: "10.9.0.0/29",
        }));
        const cidr = fabric === "oci" ? "10.9.0.0/28" : "10.9.0.0/29";
        const raw = {
          cloud: "hosts",
          fabric,
          rehearse,
          hosts: { machines: machines.map((m) => ({ ...m, subnet: cidr })) },
        };
        assert.equal(errorOf(raw)?.message, undefined, `${fabric}, rehearse ${rehearse}`);
        const plan = planOf(raw);
        assert.deepEqual(
          [plan.subnets[0]?.gateway, ...plan.nodes.map(({ address }) => address)],
          ["10.9.0.4", "10.9.0.1", "10.9.0.2", "10.9.0.3"],
        );
      }
    }
  });
});

describe("Neutron's backend", () => {
  const off = { fabric: "openstack", natOutgoing: false };
  const ovs = { openstack: { backend: "ovs" } };

  it("decides whether the group has the pods, what port security drops, and what the router translates", () => {
    const facts = Object.values(NEUTRON_BACKENDS).map(({ groupHasPods, snat, antiSpoofing }) => [
      groupHasPods,
      snat,
      antiSpoofing?.checks,
    ]);
    assert.deepEqual(facts, [
      [false, "subnets", { out: ["source"], in: ["destination"] }],
      [true, "any", { out: ["source"], in: [] }],
    ]);
  });

  it("decides whether a pod reaches the internet with its own address: the router must also know the way back", () => {
    const internet = (raw: object) => outcomesOf(judge(planOf({ ...off, ...raw })))["pod-to-internet"];
    assert.deepEqual([{}, { podRoutes: true }, ovs, { ...ovs, podRoutes: true }].map(internet), [
      "fails",
      "fails",
      "fails",
      "works",
    ]);
    const [lost] = failuresOf(judge(planOf({ ...off, ...ovs }))).slice(-1);
    assert.match(
      lost?.cause ?? "",
      /^the Neutron router knows .* drops the answer 203\.0\.113\.10 > 172\.16\.0\.1/,
    );
    assert.match(lost?.fix ?? "", /^set natOutgoing: true, or set podRoutes: static/);
  });

  it("decides whether direct packets match the group's rules without a rule for the pod CIDR", () => {
    const rows = (raw: object) =>
      judge(planOf({ fabric: "openstack", encapsulation: "None", faults: ["pod-cidr-blocked"], ...raw }))
        .paths.filter(({ path }) => path === "same-subnet")
        .map(({ probe, outcome }) => `${probe} ${outcome}`);
    assert.deepEqual(rows({}), ["ICMP fails", "TCP fails", "full-MTU fails"]);
    assert.deepEqual(rows(ovs)[0], "ICMP works");
  });

  it("is taken for OVN where it is not known, and the verdict says which paths would differ", () => {
    const plan = planOf({ ...off, podRoutes: true });
    assert.deepEqual(
      judge(plan).paths,
      judge(planOf({ ...off, podRoutes: true, openstack: { backend: "ovn" } })).paths,
    );
    assert.deepEqual(rowsThatDiffer(plan, "ovs"), [
      "pod-to-internet ICMP works",
      "pod-to-internet TCP works",
      "pod-to-internet full-MTU works",
    ]);
    assert.match(
      judge(plan).remarks.join("\n"),
      /not known, .* for OVN; with ML2\/OVS .*pod-to-internet ICMP works/,
    );
    for (const backend of ["ovn", "ovs"])
      assert.doesNotMatch(
        judge(planOf({ ...off, podRoutes: true, openstack: { backend } })).remarks.join(),
        /ML2/,
      );
    assert.doesNotMatch(judge(planOf({ fabric: "openstack" })).remarks.join(), /ML2/);
  });

  it("has no meaning on another fabric", () => {
    assert.equal(planOf({ fabric: "aws", ...ovs }).backend, undefined);
  });
});
