/** What a verdict says beside its rows: remarks, and what it cannot know. */
import assert from "node:assert/strict";
import { judge } from "../../components/plan";
import { planOf, type RawConfig } from "../support/problems";

const remarks = (raw: RawConfig) => judge(planOf(raw)).remarks.join("\n");
const unknown = (raw: RawConfig) => judge(planOf(raw)).unknown.join("\n");

describe("the remarks of a verdict", () => {
  it("say that kube-proxy's ipvs mode is deprecated, and of no other mode", () => {
    assert.match(remarks({ proxyMode: "ipvs" }), /ipvs is deprecated since Kubernetes 1\.35/);
    for (const proxyMode of ["iptables", "nftables"]) assert.doesNotMatch(remarks({ proxyMode }), /ipvs/);
  });

  it("say that nodes recorded as /32 use the tunnel everywhere (calico#4254), where that changes something", () => {
    const sentence = /a node recorded as \/32 shares its subnet with no other node/;
    const raw = { encapsulation: "IPIPCrossSubnet" };
    assert.match(remarks({ ...raw, faults: ["node-as-32"] }), sentence);
    assert.match(
      remarks({ ...raw, faults: [{ fault: "node-as-32", nodes: ["w1"] }, "mtu-too-big"] }),
      sentence,
    );
    assert.doesNotMatch(remarks({ ...raw, faults: ["mtu-too-big"] }), sentence);
    assert.doesNotMatch(remarks({ encapsulation: "IPIP", faults: ["node-as-32"] }), sentence);
    assert.doesNotMatch(remarks({ encapsulation: "None", faults: ["node-as-32"] }), sentence);
  });

  it("say so, too, where the cloud itself gives nodes a /32", () => {
    const sentence = /gives nodes addresses with \/32.*CrossSubnet finds no two nodes in one subnet/;
    assert.match(remarks({ fabric: "gcp", encapsulation: "VXLANCrossSubnet" }), sentence);
    assert.doesNotMatch(remarks({ fabric: "gcp", encapsulation: "VXLAN" }), sentence);
    assert.doesNotMatch(remarks({ fabric: "l3", encapsulation: "VXLANCrossSubnet" }), sentence);
  });

  it("say that without Calico pods are routed as with None, whatever the pool says", () => {
    const sentence = /calico\.install is none: the IPPool says VXLAN, but without Calico/;
    assert.match(remarks({ encapsulation: "VXLAN", calico: { install: "none" } }), sentence);
    assert.doesNotMatch(remarks({ encapsulation: "VXLAN" }), /without Calico/);
  });

  it("warn of a group that looks alive (calico#1996), in the words of what closes protocol 4", () => {
    const faults = ["ipip-blocked"];
    assert.match(
      remarks({ fabric: "aws", encapsulation: "IPIP", faults }),
      /^the group is stateful: once a node/m,
    );
    assert.match(
      remarks({ encapsulation: "IPIP", faults }),
      /^the nodes' firewall is stateful: once a node/m,
    );
    assert.doesNotMatch(remarks({ encapsulation: "VXLAN", faults }), /is stateful/);
  });

  it("say which address check the owner of existing machines must turn off, where pod addresses leave the nodes", () => {
    const machines = ["192.0.2.1", "192.0.2.2"].map((address, i) => ({
      name: `m${i}`,
      address,
      subnet: "192.0.2.0/24",
    }));
    const hosts = { cloud: "hosts", fabric: "azure", hosts: { machines } };
    const sentence = /this verdict expects that you enable IP forwarding on the node's network interface/;
    assert.match(remarks({ ...hosts, encapsulation: "None" }), sentence);
    assert.doesNotMatch(remarks({ ...hosts, encapsulation: "VXLAN" }), sentence);
    assert.doesNotMatch(remarks({ fabric: "azure", encapsulation: "None" }), sentence);
  });
});

describe("what a verdict cannot know", () => {
  it("is a cloud's own firewall, with everything that it must let through", () => {
    const through = (raw: RawConfig) =>
      /which must let through (.*) between the nodes/.exec(unknown({ fabric: "azure", ...raw }))?.[1];
    const pods = "packets of 172.16.0.0/16";
    assert.equal(through({ encapsulation: "VXLAN" }), "TCP 179, UDP 4789");
    assert.equal(through({ encapsulation: "VXLAN", bgp: "Disabled" }), "UDP 4789");
    assert.equal(through({ encapsulation: "VXLANCrossSubnet" }), `TCP 179, UDP 4789, ${pods}`);
    assert.equal(through({ encapsulation: "IPIP" }), "TCP 179, IP protocol 4");
    assert.equal(through({ encapsulation: "None" }), `TCP 179, ${pods}`);
    for (const fabric of ["aws", "openstack", "plain", "hetzner"])
      assert.doesNotMatch(unknown({ fabric }), /must let through/, fabric);
  });

  it("is which block each node gets, where Calico assigns them and the lab does not", () => {
    const assigned = /which block each node gets/;
    assert.match(unknown({ cloud: "aws" }), assigned);
    assert.doesNotMatch(unknown({ cloud: "aws", podRoutes: true }), assigned);
    assert.doesNotMatch(unknown({ cloud: "aws", calico: { install: "none" } }), assigned);
    assert.doesNotMatch(unknown({ cloud: "aws", rehearse: true }), assigned);
  });

  it("is how NICs send VXLAN, on machines elsewhere", () => {
    assert.match(unknown({ cloud: "aws", encapsulation: "VXLAN" }), /bad checksums/);
    assert.doesNotMatch(unknown({ cloud: "aws", encapsulation: "IPIP" }), /bad checksums/);
    assert.doesNotMatch(unknown({ encapsulation: "VXLAN" }), /bad checksums/);
  });
});
