/** The link to a site that is another stack: its plan, and which clouds and settings can have one. */
import assert from "node:assert/strict";
import { planFirewall } from "../../components/plan";
import { siteCidrs } from "../../components/plan/peer-site";
import { errorOf, planOf, type RawConfig } from "../support/problems";

const VPC: RawConfig = {
  cloud: "aws",
  topology: [{ name: "vpc", cidr: "172.31.0.0/16", nodes: ["cp1", "w1"] }],
  podCidr: "10.244.0.0/16",
};
const refused = (link: object, raw: RawConfig = {}): string =>
  errorOf({ ...VPC, ...raw, link: { peer: "other", ...link } })?.message ?? "";

describe("link.peer", () => {
  it("is planned with the link's defaults, and with ESP's group, since Neutron has none without", () => {
    const { peerSite, sites, link } = planOf({
      ...VPC,
      link: { peer: "org/encaplab/other", psk: "correct_horse" },
    });
    assert.deepEqual(peerSite, {
      stack: "org/encaplab/other",
      ike: 2,
      proposals: { ike: "aes128-sha256-modp2048", esp: "aes128-sha256-modp2048" },
      selectors: "subnets",
    });
    assert.deepEqual([sites, link], [undefined, undefined]);
    assert.ok(!("peerSite" in planOf(VPC)));
    assert.doesNotMatch(
      JSON.stringify(planOf({ ...VPC, link: { peer: "x", psk: "correct_horse" } })),
      /horse/,
    );
  });

  it("gives ESP with AES-GCM the group of IKE, too", () => {
    const proposals = { ike: "aes256gcm16-prfsha384-modp1024", esp: "aes256gcm16" };
    assert.deepEqual(planOf({ ...VPC, link: { peer: "other", proposals } }).peerSite?.proposals, {
      ike: "aes256gcm16-prfsha384-modp1024",
      esp: "aes256gcm16-modp1024",
    });
  });

  it("is refused where a lab has both sites in one stack, and on machines, with the way out", () => {
    for (const raw of [{ cloud: "twin" }, { rehearse: true }, { rehearse: "containers" }])
      assert.match(
        refused({}, raw),
        /link.peer is "other": a lab on this machine has both sites in one stack: set sites/,
      );
    const hosts = { machines: [{ name: "cp1", address: "172.31.0.10", subnet: "172.31.0.0/16" }] };
    assert.match(
      refused({}, { cloud: "hosts", topology: undefined, hosts }),
      /cloud hosts has no gateway that joins two stacks; remove link.peer/,
    );
    const sites = [
      { name: "a", subnets: ["vpc"] },
      { name: "b", subnets: ["lab"] },
    ];
    const topology = ["vpc", "lab"].map((name, i) => ({ name, cidr: `172.31.${i}.0/24`, nodes: [`n${i}`] }));
    assert.match(
      refused({}, { sites, topology }),
      /a stack there is one site: link.peer names the other one's/,
    );
    assert.match(refused({ peer: "no stack" }), /must be the name of a stack such as site-openstack/);
  });

  it("has no settings that one of the two gateways does not have", () => {
    assert.equal(refused({ selectors: "any", initiator: "both" }), "");
    assert.match(refused({ selectors: "pods" }), /must be subnets or any: an AWS tunnel has one range/);
    assert.match(refused({ mtu: 1400 }), /AWS's gateway has no such setting/);
    assert.match(refused({ ike: 1, initiator: "both" }), /AWS starts no tunnel with IKEv1/);
    assert.match(
      refused({ proposals: { ike: "aes192-sha256-modp2048" } }),
      /cipher must be one of aes128, aes256, aes128gcm16, aes256gcm16, as AWS requires/,
    );
    assert.match(refused({ proposals: { esp: "aes256gcm12" } }), /cipher must be one of/);
    assert.equal(refused({ proposals: { ike: "aes256gcm16-prfsha256-modp2048", esp: "aes128gcm16" } }), "");
    assert.match(refused({ proposals: { ike: "aes128-sha256-modp1536" } }), /one of modp1024, modp2048/);
    assert.equal(refused({ proposals: { esp: "aes128-sha256-modp1536" } }), "");
    assert.match(
      refused({ proposals: { esp: "aes128-sha256-modp4096" } }),
      /one of modp1024, modp1536, modp2048/,
    );
  });

  const ON_OPENSTACK: RawConfig = { ...VPC, cloud: "openstack" };
  const KEYS: [what: string, link: object, raw: RawConfig, keys: string[]][] = [
    ["a lab on this machine", {}, { rehearse: true }, ["link.peer"]],
    ["selectors with pods", { selectors: "pods" }, {}, ["link.selectors"]],
    ["any selectors on OpenStack", { selectors: "any" }, ON_OPENSTACK, ["link.selectors"]],
    ["an MTU on AWS", { mtu: 1400 }, {}, ["link.mtu"]],
    ["two ends that start IKEv1", { ike: 1, initiator: "both" }, {}, ["link.initiator"]],
    ["a key with a blank", { psk: "correct horse" }, {}, ["link.psk"]],
    ["a cipher for IKE", { proposals: { ike: "aes192-sha256-modp2048" } }, {}, ["link.proposals.ike"]],
    ["a group for ESP", { proposals: { esp: "aes128-sha256-modp4096" } }, {}, ["link.proposals.esp"]],
    [
      "two subnets on OpenStack",
      {},
      {
        ...ON_OPENSTACK,
        topology: [0, 1].map((i) => ({ name: `s${i}`, cidr: `172.31.${i}.0/24`, nodes: [`n${i}`] })),
      },
      ["topology"],
    ],
  ];
  for (const [what, link, raw, keys] of KEYS)
    it(`is refused at the key that is wrong, and at no other: ${what}`, () => {
      assert.deepEqual(
        errorOf({ ...VPC, ...raw, link: { peer: "other", ...link } })?.problems.map(({ key }) => key),
        keys,
      );
    });

  it("has on OpenStack what is OpenStack's: an MTU, and on AWS two subnets", () => {
    assert.equal(refused({ mtu: 1400, selectors: "subnets" }, ON_OPENSTACK), "");
    const topology = [0, 1].map((i) => ({ name: `s${i}`, cidr: `172.31.${i}.0/24`, nodes: [`n${i}`] }));
    assert.equal(refused({}, { topology }), "");
    assert.equal(refused({ ike: 1, initiator: "other" }), "");
    assert.deepEqual(
      planOf({ ...ON_OPENSTACK, link: { peer: "other", ike: 1, initiator: "other", mtu: 1400 } }).peerSite,
      {
        stack: "other",
        ike: 1,
        initiator: "other",
        proposals: { ike: "aes128-sha256-modp2048", esp: "aes128-sha256-modp2048" },
        selectors: "subnets",
        mtu: 1400,
      },
    );
  });

  it("takes keys of 8 to 64 characters", () => {
    // The config itself refuses a shorter one.
    for (const psk of ["x".repeat(8), "x".repeat(64), "a.b_C0123"]) assert.equal(refused({ psk }), "");
  });

  it("tells its peer the VPC's block on AWS, and each subnet on OpenStack", () => {
    const cidrs = (raw: RawConfig) => siteCidrs(planOf({ ...raw, link: { peer: "other" } }));
    const topology = [{ name: "a", cidr: "10.0.3.0/24", nodes: ["cp1"] }];
    assert.deepEqual(cidrs({ ...VPC, topology }), ["10.0.0.0/16"]);
    assert.deepEqual(cidrs({ ...ON_OPENSTACK, topology }), ["10.0.3.0/24"]);
  });

  it("may have an instance as its gateway, with the last address of the first subnet that no node has", () => {
    const gateway = "instance";
    assert.deepEqual(planOf({ ...VPC, link: { peer: "other", gateway } }).peerSite?.gateway, {
      subnet: "vpc",
      address: "172.31.255.254",
    });
    for (const link of [{ peer: "other" }, { peer: "other", gateway: "service" }])
      assert.equal(planOf({ ...VPC, link }).peerSite?.gateway, undefined);
    const small = (nodes: unknown[]) => ({ topology: [{ name: "a", cidr: "172.31.0.0/28", nodes }] });
    const last = { name: "w1", address: "172.31.0.14" };
    const { peerSite } = planOf({ ...VPC, ...small(["cp1", last]), link: { peer: "other", gateway } });
    assert.equal(peerSite?.gateway?.address, "172.31.0.13");
    const full = Array.from({ length: 11 }, (_, i) => `n${i}`);
    assert.match(
      refused({ gateway }, small(full)),
      /172\.31\.0\.0\/28 has no address left for the site's gateway/,
    );
    assert.match(
      refused({ gateway }, small(["site-gateway"])),
      /it is the name of the instance that is the site's gateway/,
    );
    assert.match(refused({ gateway, selectors: "any" }), /must be subnets with link\.gateway: instance/);
    assert.match(
      refused({ peer: undefined, gateway }),
      /link\.gateway is "instance": it is for a stack that is one site/,
    );
    assert.match(refused({ gateway: "router" }), /must be/);
  });

  it("takes AWS's keys only, and shows none", () => {
    for (const psk of ["0correct_horse", "correct horse", "x".repeat(65), "short"]) {
      const message = refused({ psk });
      assert.match(message, /link.psk is \(not shown\): must be/);
      assert.ok(!message.includes(psk));
    }
  });

  it("adds no line to the firewall table: the peer's nodes are nodes", () => {
    const table = ({ cloud, encapsulation, bgp, antiSpoofing }: ReturnType<typeof planOf>) =>
      planFirewall({ cloud, encapsulation, bgp: bgp.enabled, podAddressesOnWire: antiSpoofing.needed });
    const plan = planOf({ ...VPC, link: { peer: "other" } });
    assert.deepEqual(plan.firewall, table(plan));
    assert.deepEqual(plan.firewall, planOf(VPC).firewall);
  });
});
