/** The paths between two stacks that are two sites: which work, with which TTL and MTU, and why the others do not. */
import assert from "node:assert/strict";
import { type AcrossPath, judgeAcross, type PeerSitePlan, type SiteStack } from "../../components/plan";
import { planOf } from "../support/problems";

type Raw = Record<string, unknown>;

const stack = (name: string, raw: Raw): SiteStack => {
  const plan = planOf(raw);
  const { peerSite } = plan;
  assert.ok(peerSite);
  return { stack: name, plan: { ...plan, peerSite: peerSite as PeerSitePlan } };
};
const vpc = (link: Raw = {}, more: Raw = {}) =>
  stack("site-aws", {
    cloud: "aws",
    topology: [{ name: "vpc", cidr: "172.31.0.0/16", nodes: ["cp1", "w1"] }],
    podCidr: "172.16.0.0/16",
    ...more,
    link: { peer: "site-openstack", ...link },
  });
const office = (link: Raw = {}, more: Raw = {}) =>
  stack("site-openstack", {
    cloud: "openstack",
    topology: [{ name: "office", cidr: "192.168.1.0/24", nodes: ["cp1", "w1"] }],
    podCidr: "172.16.0.0/16",
    ...more,
    link: { peer: "org/encaplab/site-aws", ...link },
  });
const INSTANCE = { gateway: "instance" };

const pathsOf = (one: SiteStack, other: SiteStack) => judgeAcross(one, other).paths;
const find = (paths: readonly AcrossPath[], from: string, path: AcrossPath["path"]): AcrossPath => {
  const found = paths.find((one) => one.from === from && one.path === path);
  assert.ok(found);
  return found;
};
/** From the office to the VPC, and back. */
const ttls = (one: SiteStack, other: SiteStack) =>
  ["site-openstack", "site-aws"].map((from) => find(pathsOf(one, other), from, "node-to-node").ttl);

describe("the verdict across two stacks", () => {
  it("has the original lab's ttl of 62 between nodes, and one hop more on the way in by an instance", () => {
    assert.deepEqual(ttls(office(), vpc()), [62, 62]);
    assert.deepEqual(ttls(office(INSTANCE), vpc()), [61, 62]);
    assert.deepEqual(ttls(office(), vpc(INSTANCE)), [62, 62]);
    assert.deepEqual(ttls(office(INSTANCE), vpc(INSTANCE)), [61, 62]);
  });

  it("derives the MTU: ESP between two services, ESP in UDP where an instance is behind its public address", () => {
    const mtu = (one: SiteStack, other: SiteStack) =>
      find(pathsOf(one, other), "site-aws", "node-to-node").mtu;
    // 1500 - 20 - 8 - 16 - 16, which is a multiple of 16, less the two bytes of the trailer.
    assert.equal(mtu(office({}, { mtu: 1500 }), vpc()), 1438);
    assert.equal(mtu(office({}, { mtu: 1500 }), vpc(INSTANCE)), 1422);
    const narrow = { mtu: 1442 };
    assert.equal(mtu(office(INSTANCE, narrow), vpc()), 1358, "the instance's own network is under ESP");
    assert.equal(mtu(office({}, narrow), vpc()), 1438, "the router's external network is not the nodes'");
    assert.equal(mtu(office({ ...INSTANCE, mtu: 1400 }, narrow), vpc()), 1326);
  });

  it("takes a pod's packets to the other site's nodes, with its node's address, a hop later", () => {
    const found = find(pathsOf(office(INSTANCE), vpc()), "site-openstack", "pod-to-node");
    assert.deepEqual([found.outcome, found.ttl, found.example], ["works", 60, "w1-1 > w1"]);
    assert.match(
      found.travels,
      /^its node \(which gives it 192\.168\.1\.11\), the router of site-openstack, the instance/,
    );
    assert.match(found.travels, /; between them ESP in UDP 4500$/);
  });

  it("drops them without natOutgoing, and says where and why", () => {
    const plain = { natOutgoing: false };
    const lost = (one: SiteStack, other: SiteStack, from: string) =>
      find(pathsOf(one, other), from, "pod-to-node");
    const inside = lost(office({}, plain), vpc(), "site-openstack");
    assert.equal(inside.outcome, "fails");
    assert.match(
      inside.travels,
      /^dropped at the tunnel of site-openstack: its selectors hold the subnets.*natOutgoing: true$/,
    );
    assert.match(
      lost(office(INSTANCE, plain), vpc(), "site-openstack").travels,
      /^dropped at the instance site-gateway of site-openstack: its security group/,
    );
    assert.equal(
      lost(office({}, plain), vpc(), "site-aws").outcome,
      "works",
      "the other cluster has natOutgoing",
    );
  });

  it("reaches no pod of the other cluster: the same range stays at home, and another one has no route", () => {
    for (const path of ["pod-to-pod", "node-to-pod"] as const) {
      const same = find(pathsOf(office(), vpc()), "site-aws", path);
      assert.equal(same.outcome, "fails");
      assert.match(
        same.travels,
        /^not routed: both clusters have pods in 172\.16\.0\.0\/16, so .* stays in site-aws$/,
      );
      const other = find(pathsOf(office(), vpc({}, { podCidr: "10.244.0.0/16" })), "site-openstack", path);
      assert.match(
        other.travels,
        /^not routed: the Neutron router of site-openstack has routes to 172\.31\.0\.0\/16 by the tunnel, and to 10\.244/,
      );
    }
  });

  it("has no path at all while the two configs keep the tunnel down, and says which key", () => {
    const down = (one: SiteStack, other: SiteStack) => {
      const across = judgeAcross(one, other);
      assert.ok(across.down === undefined || across.paths.every(({ outcome }) => outcome === "fails"));
      return across.down;
    };
    assert.equal(down(office(), vpc()), undefined);
    assert.match(down(office({ ike: 1 }), vpc()) ?? "", /^link\.ike is not the same in both stacks$/);
    const proposals = { esp: "aes256-sha256" };
    assert.match(down(office({ proposals }), vpc()) ?? "", /^link\.proposals\.esp is not the same/);
    assert.equal(
      down(vpc(), office({ peer: "other" })),
      "link.peer of site-openstack is other, and not site-aws",
    );
    assert.match(
      down(office({ initiator: "site-aws" }), vpc({ initiator: "site-openstack" })) ?? "",
      /^neither stack starts the tunnel/,
    );
    assert.equal(down(office({ initiator: "both" }), vpc({ initiator: "both" })), undefined);
    const overlapping = { topology: [{ name: "office", cidr: "172.31.7.0/24", nodes: ["cp1"] }] };
    assert.match(down(office({}, overlapping), vpc()) ?? "", /172\.31.* overlaps 172\.31/);
  });
});
