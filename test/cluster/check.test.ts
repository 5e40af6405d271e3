// The look at machines: what is asked of a node, what its answer says, and what two nodes must not have in common.
import assert from "node:assert/strict";
import {
  checkValues,
  compareClocks,
  compareFacts,
  type Finding,
  parseLook,
  peerGatewayOf,
} from "../../components/cluster/check";
import { ENCAPSULATIONS } from "../../components/config";
import type { NodePlan } from "../../components/plan";
import { summarize } from "../../scripts/cli/machine-check";
import { planOf, type RawConfig } from "../support/problems";
import { SITES_ON_MACHINES } from "../support/site-configs";

const valuesOf = (name: string, raw: RawConfig = {}, scope: "lab" | "mode" = "mode") => {
  const plan = planOf({ cloud: "hosts", hosts: { machines: "containers" }, ...raw });
  const node = plan.nodes.find((one) => one.name === name);
  assert.ok(node);
  return checkValues(plan, node, scope);
};
const needs = (name: string, raw: RawConfig = {}, scope: "lab" | "mode" = "mode") =>
  new Map(
    (valuesOf(name, raw, scope).NEEDS ?? "")
      .split("\n")
      .map((line) => [line.split(" ")[0] ?? "", line] as const),
  );
const codes = (findings: Finding[]) => findings.map(({ severity, code, node }) => [severity, code, node]);

describe("the values of the look", () => {
  it("are what the lab itself uses between nodes, and not the ranges for pods; the API only on the control plane", () => {
    const ipip = needs("cp1", { encapsulation: "IPIP" });
    assert.equal(ipip.get("bgp"), "bgp tcp 179 179 refuse");
    assert.equal(ipip.get("ipip"), "ipip 4 - - refuse");
    assert.equal(ipip.get("api"), "api tcp 6443 6443 refuse");
    assert.deepEqual([...ipip.keys()], ["api", "kubelet", "icmp", "bgp", "ipip"]);
    assert.equal(ipip.has("vxlan") || ipip.has("ssh") || ipip.has("nodeport"), false);
    assert.equal(needs("w1", { encapsulation: "IPIP" }).has("api"), false);
    const without = needs("w1", { encapsulation: "VXLAN", bgp: "Disabled" });
    assert.deepEqual([without.has("bgp"), without.get("vxlan")], [false, "vxlan udp 4789 4789 refuse"]);
  });

  it("name the tunnel's device, the node's subnet and one other node per subnet", () => {
    const { TUNNEL, SUBNET, PEERS, ROLE } = valuesOf("cp1", { encapsulation: "IPIPCrossSubnet" });
    assert.deepEqual(
      [TUNNEL, SUBNET, PEERS, ROLE],
      ["tunl0", "10.0.3.0/24", "10.0.3.11\n10.0.4.10", "control-plane"],
    );
    assert.equal(valuesOf("cp1", { encapsulation: "None" }).TUNNEL, "");
  });

  it("are the same in prepare for all encapsulations without IPIP, so that a switch prepares no node again", () => {
    const modes = ENCAPSULATIONS.filter((name) => !name.startsWith("IPIP"));
    const [first, ...others] = modes.map((encapsulation) => valuesOf("w1", { encapsulation }, "lab"));
    for (const other of others) assert.deepEqual(other, first);
    assert.equal(needs("w1", { encapsulation: "None" }, "lab").get("vxlan"), "vxlan udp 4789 4789 warn");
    assert.equal(needs("w1", { encapsulation: "None" }, "lab").has("ipip"), false);
    assert.equal(needs("w1", { encapsulation: "IPIP" }, "lab").get("ipip"), "ipip 4 - - refuse");
  });
});

describe("the look at the gateway of a site", () => {
  const plan = planOf({
    ...SITES_ON_MACHINES,
    link: { initiator: "a" },
  });
  const node = (name: string) => plan.nodes.find((one) => one.name === name) as NodePlan;

  const linkOf = (name: string, peer: string) => {
    const { LINK_PEER, LINK_WAY, LINK_NEEDS } = checkValues(plan, node(name), "mode", peer);
    return { LINK_PEER, LINK_WAY, LINK_NEEDS };
  };

  it("is at IKE and ESP in UDP, outwards where it starts the tunnel, and inwards where it only answers", () => {
    assert.equal(peerGatewayOf(plan, node("cp1")), "w2");
    assert.equal(peerGatewayOf(plan, node("w2")), "cp1");
    assert.deepEqual(linkOf("cp1", "gateway.example.com"), {
      LINK_PEER: "gateway.example.com",
      LINK_WAY: "out",
      LINK_NEEDS: "ike udp 500 500 refuse\nnat-t udp 4500 4500 refuse",
    });
    assert.equal(linkOf("w2", "203.0.113.10").LINK_WAY, "in");
  });

  it("is nothing on a node that is no gateway, and in a lab without sites", () => {
    for (const name of ["w1", "w3"]) assert.equal(peerGatewayOf(plan, node(name)), undefined);
    const { LINK_PEER, LINK_NEEDS } = valuesOf("w1");
    assert.deepEqual([LINK_PEER, LINK_NEEDS], ["", ""]);
  });
});

describe("the answer of the look", () => {
  it("has findings and facts, and nothing from lines of other forms", () => {
    const text =
      "welcome!\nrefuse\tport-in-use\tTCP 179 is in use\nwarn\tmtu\tsmall\nfact\tmac\t02:00\nfact\thostname\t\nrefuse\n";
    const { findings, facts } = parseLook("w1", text);
    assert.deepEqual(findings, [
      { node: "w1", severity: "refuse", code: "port-in-use", sentence: "TCP 179 is in use" },
      { node: "w1", severity: "warn", code: "mtu", sentence: "small" },
    ]);
    assert.deepEqual(facts, { mac: "02:00" });
  });

  it("shows what two nodes have in common: a MAC address is refused, a machine-id or host name a warning", () => {
    const facts = {
      cp1: { mac: "02:01", "machine-id": "a", hostname: "cp1" },
      w1: { mac: "02:02", "machine-id": "a", hostname: "debian" },
      w2: { mac: "02:01", "machine-id": "b", hostname: "debian" },
      w3: {},
      w4: {},
    };
    const findings = compareFacts(facts);
    assert.deepEqual(codes(findings), [
      ["refuse", "equal-mac", "w2"],
      ["warn", "equal-machine-id", "w1"],
      ["warn", "equal-hostname", "w2"],
    ]);
    assert.match(findings[0]?.sentence ?? "", /^w2 and cp1 have the same MAC address: .*\(02:01\)$/);
  });

  it("shows clocks that differ from the first node's", () => {
    const findings = compareClocks({ cp1: 100, w1: 129, w2: 160, w3: -200 });
    assert.deepEqual(codes(findings), [
      ["warn", "clock", "w2"],
      ["refuse", "clock", "w3"],
    ]);
    assert.match(findings[1]?.sentence ?? "", /^the clock of w3 is 300 s behind that of cp1/);
    assert.deepEqual(compareClocks({}), []);
  });

  it("is put together for all machines, with the reason for each that could not be looked at", () => {
    const finding: Finding = { node: "w1", severity: "warn", code: "mtu", sentence: "small" };
    const { machines, findings, failures } = summarize([
      ["cp1", { findings: [], facts: { mac: "02:01" }, ahead: 0 }],
      ["w1", { findings: [finding], facts: { mac: "02:01" }, ahead: 90 }],
      ["w2", new Error("connection refused")],
    ]);
    assert.deepEqual(machines, ["cp1", "w1"]);
    assert.deepEqual(
      findings.map(({ code }) => code),
      ["mtu", "equal-mac", "clock"],
    );
    assert.deepEqual(failures, { w2: "connection refused" });
  });
});
