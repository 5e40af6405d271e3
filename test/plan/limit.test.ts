// Limits that a lab meets without any fault: the verdict says them before anything is built.
import assert from "node:assert/strict";
import { judge } from "../../components/plan";
import { planOf, type RawConfig } from "../support/problems";

const said = (pattern: RegExp, raw: RawConfig): boolean =>
  judge(planOf(raw)).remarks.some((remark) => pattern.test(remark));
const many = (count: number) => ({
  topology: [{ name: "a", cidr: "10.0.0.0/24", nodes: Array.from({ length: count }, (_, i) => `n${i}`) }],
});

describe("the verdict's remarks on limits", () => {
  it("name Neutron's limit of routes on one router, only where podRoutes passes it", () => {
    const routes = /31 routes on one Neutron router, which takes 30 by default/;
    assert.equal(said(routes, { cloud: "openstack", podRoutes: true, ...many(31) }), true);
    assert.equal(said(/Neutron router/, { cloud: "openstack", podRoutes: true, ...many(30) }), false);
    assert.equal(said(/Neutron router/, { cloud: "openstack", ...many(31) }), false);
    assert.equal(said(/Neutron router/, { cloud: "aws", podRoutes: true, ...many(31) }), false);
  });

  it("say that pods cannot read the instance metadata on AWS", () => {
    assert.equal(said(/hop limit 1/, { cloud: "aws" }), true);
    assert.equal(said(/hop limit 1/, { cloud: "openstack" }), false);
    assert.equal(said(/a rule on each node drops/, { cloud: "openstack" }), true);
  });

  it("say what the lab does on the router between existing machines, and on no other router", () => {
    const runs = /on the router, `up` installs BIRD .*`down` takes all of it back/;
    const learned = { encapsulation: "None", podRoutes: "bgp" } as const;
    const hosts = { router: { address: "192.0.2.1" } };
    assert.equal(said(runs, { ...learned, cloud: "hosts", hosts }), true);
    assert.equal(said(runs, { ...learned, cloud: "hosts", hosts, rehearse: true }), false);
    assert.equal(said(runs, { ...learned, rehearse: "containers" }), false);
    assert.equal(said(runs, { cloud: "hosts" }), false);
  });

  it("say what is turned off on machines that stay after the lab, and on no others", () => {
    const off = /`up` turns off firewalld.*SELinux to permissive.*`down` turns them on again/;
    const hosts = { machines: [{ name: "m1", address: "10.0.3.9", subnet: "10.0.3.0/24" }] };
    assert.equal(said(off, { cloud: "hosts", hosts }), true);
    assert.equal(said(off, { cloud: "hosts", hosts, rehearse: true }), false);
    assert.equal(said(off, { cloud: "hosts", hosts: { machines: "containers" } }), false);
    assert.equal(said(off, { cloud: "aws" }), false);
  });

  it("say what a node container can do to this machine, and nothing of it where there is none", () => {
    const shared = /who is root in one.*can become root of this machine.*run only what you trust/;
    const hosts = { machines: "containers" };
    assert.equal(said(shared, { cloud: "hosts", hosts }), true);
    assert.equal(said(shared, { cloud: "hosts", hosts, rehearse: true }), false);
    assert.equal(said(shared, { cloud: "aws", rehearse: "containers" }), true);
    assert.equal(said(shared, { cloud: "twin" }), false);
    assert.equal(said(shared, { cloud: "aws" }), false);
  });

  it("name a Calico that cannot program nftables under a kube-proxy that does", () => {
    const proxy = (calicoVersion: string, proxyMode: string) =>
      said(/programs iptables only/, { calicoVersion, proxyMode, allowUnsupported: true });
    assert.equal(proxy("3.28", "nftables"), true);
    assert.equal(proxy("3.29", "nftables"), false);
    assert.equal(proxy("3.33", "nftables"), false);
    assert.equal(proxy("3.28", "iptables"), false);
  });

  it("name VXLAN's checksum offload as unknown on machines with NICs, with the command that turns it off", () => {
    const unknown = (raw: RawConfig) =>
      judge(planOf(raw)).unknown.some((one) =>
        one.includes("ethtool -K vxlan.calico tx-checksum-ip-generic off"),
      );
    const hosts = { machines: [{ name: "m1", address: "10.0.3.9", subnet: "10.0.3.0/24" }] };
    assert.equal(unknown({ cloud: "hosts", hosts, encapsulation: "VXLANCrossSubnet" }), true);
    assert.equal(unknown({ cloud: "aws", encapsulation: "VXLAN" }), true);
    assert.equal(unknown({ cloud: "hosts", hosts, encapsulation: "IPIP" }), false);
    assert.equal(unknown({ encapsulation: "VXLAN" }), false);
    assert.equal(
      unknown({ cloud: "hosts", hosts: { machines: "containers" }, encapsulation: "VXLAN" }),
      false,
    );
  });
});
