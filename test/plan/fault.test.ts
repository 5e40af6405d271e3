/** The facts of each fault, as a table: where it can be, what it breaks, and which rule it closes. */
import assert from "node:assert/strict";
import { FABRICS, FAULTS, type Fault } from "../../components/config";
import { FAULT_FACTS, judge, meaningOf } from "../../components/plan";
import { planOf, type RawConfig } from "../support/problems";

const EVERYWHERE = [...FABRICS];
type Facts = [fabrics: readonly string[], of: string, closes: string | undefined, onAll: boolean];

/** A host fault is one of the node's own kernel, firewall or link, which any network may be under. */
const OF_HOST: Facts = [EVERYWHERE, "host", undefined, false];

/** A fault of the link between two sites, which no network without a layer 2 has. */
const OF_LINK: Facts = [["aws", "openstack", "plain"], "link", undefined, true];

const FACTS: Record<Fault, Facts> = {
  "bgp-blocked": [EVERYWHERE, "fabric", "bgp", false],
  "ipip-blocked": [EVERYWHERE, "fabric", "ipip", false],
  "vxlan-blocked": [EVERYWHERE, "fabric", "vxlan", false],
  // Only a security group that the lab sets has a rule for the pod CIDR.
  "pod-cidr-blocked": [["aws", "openstack"], "fabric", "pod-cidr", false],
  // The clouds whose documentation has a setting of that kind per instance or interface.
  "source-dest-check": [["aws", "azure", "gcp", "oci"], "fabric", undefined, false],
  "port-security": [["openstack"], "fabric", undefined, false],
  "reflector-down": OF_HOST,
  "mtu-too-big": [EVERYWHERE, "calico", undefined, true],
  "node-as-32": [EVERYWHERE, "calico", undefined, false],
  "node-ip-wrong-interface": OF_HOST,
  "ip-forward-off": OF_HOST,
  "rp-filter-strict": OF_HOST,
  "host-firewall-forward-drop": OF_HOST,
  "host-firewall-reject": OF_HOST,
  "nat-missing": OF_HOST,
  "link-mtu-smaller": OF_HOST,
  "mtu-black-hole": [EVERYWHERE, "host", undefined, true],
  "vxlan-checksum": OF_HOST,
  "dns-loop": [EVERYWHERE, "host", undefined, true],
  "tenant-port-unplugged": OF_HOST,
  "ipsec-nobody-initiates": OF_LINK,
  "ipsec-psk-mismatch": OF_LINK,
  "ipsec-proposal-mismatch": OF_LINK,
  "ipsec-route-missing": OF_LINK,
  "ipsec-selectors-too-narrow": OF_LINK,
  "ipsec-rekey-lost": OF_LINK,
};

describe("a fault", () => {
  for (const fault of FAULTS)
    it(`has the documented places and effects: ${fault}`, () => {
      const { fabrics, of, closes, onAllBecause } = FAULT_FACTS[fault];
      assert.deepEqual([[...fabrics], of, closes, onAllBecause !== undefined], FACTS[fault]);
    });

  it("is the twin's alone where a real cluster would repair it, or not come up with it", () => {
    const twinOnly = FAULTS.filter((fault) => FAULT_FACTS[fault].onTwinBecause !== undefined);
    assert.deepEqual(twinOnly, [
      "node-ip-wrong-interface",
      "reflector-down",
      "ip-forward-off",
      "host-firewall-reject",
      "nat-missing",
      "link-mtu-smaller",
      "mtu-black-hole",
      "vxlan-checksum",
      "dns-loop",
      "tenant-port-unplugged",
    ]);
    for (const fault of twinOnly) assert.equal(FAULT_FACTS[fault].of, "host");
  });

  it("that closes a port is said as what is closed: the group's rule, or the nodes' own firewall", () => {
    const meaning = (fabric: "aws" | "plain", fault: Fault) => meaningOf({ fabric }, fault);
    assert.equal(meaning("aws", "bgp-blocked"), "the security group has no rule for TCP 179");
    assert.equal(meaning("plain", "bgp-blocked"), "the nodes' own firewall drops TCP 179");
    assert.equal(meaning("plain", "vxlan-blocked"), "the nodes' own firewall drops UDP 4789");
    for (const fabric of ["aws", "plain"] as const)
      assert.equal(meaning(fabric, "ip-forward-off"), "net.ipv4.ip_forward is 0");
  });

  it("is remarked with its meaning, and with what it changes", () => {
    const remark = (raw: RawConfig) => judge(planOf(raw)).remarks[0] ?? "";
    assert.equal(
      remark({ encapsulation: "IPIP", faults: ["ip-forward-off"] }),
      "fault ip-forward-off is set on purpose: net.ipv4.ip_forward is 0",
    );
    assert.equal(
      remark({ encapsulation: "VXLAN", faults: ["bgp-blocked"] }),
      "fault bgp-blocked is set on purpose: the nodes' own firewall drops TCP 179; under VXLAN it changes whether calico-node is ready, but no path",
    );
    assert.equal(
      remark({ encapsulation: "VXLAN", faults: ["ipip-blocked"] }),
      "fault ipip-blocked changes nothing here: no path of this lab depends on what it breaks",
    );
  });

  it("of one direction changes no rule of the other, and one for pods by routes needs the routes", () => {
    const allows = (raw: RawConfig) => planOf(raw).nodes.map(({ host }) => host.allowsPods);
    const all = (value: boolean) => [value, value, value, value];
    assert.deepEqual(allows({ fabric: "tailscale", encapsulation: "None" }), all(false));
    assert.deepEqual(allows({ fabric: "tailscale", encapsulation: "None", podRoutes: true }), all(true));
    assert.deepEqual(allows({ fabric: "aws", encapsulation: "None" }), all(true));
    assert.deepEqual(allows({ fabric: "aws", encapsulation: "IPIP" }), all(false));
    const raw = { fabric: "aws", encapsulation: "None" };
    const placed = { ...raw, faults: [{ fault: "source-dest-check", nodes: ["w1"] }] };
    assert.deepEqual(allows(placed), [true, false, true, true]);
    assert.deepEqual(planOf(placed).antiSpoofing, { needed: true, allowsPods: true }, "some node allows");
    assert.deepEqual(planOf({ ...raw, faults: ["source-dest-check"] }).antiSpoofing, {
      needed: true,
      allowsPods: false,
    });
  });

  it("of a node is in that node's state, by its kind", () => {
    const host = (faults: unknown[], name: string) =>
      planOf({ encapsulation: "IPIP", faults }).nodes.find((one) => one.name === name)?.host;
    const faults = [
      "mtu-too-big",
      { fault: "ip-forward-off", nodes: ["w1"] },
      { fault: "ipip-blocked", nodes: ["w1"], direction: "out" },
      { fault: "vxlan-blocked", nodes: ["w1"] },
    ];
    // What the lab does not need is closed in any case, so no fault closes it: under IPIP the rule for VXLAN.
    assert.deepEqual(host(faults, "w1"), {
      allowsPods: false,
      broken: ["ip-forward-off"],
      closed: [{ rule: "ipip", direction: "out", fault: "ipip-blocked" }],
    });
    assert.deepEqual(host(faults, "w2"), { allowsPods: false, broken: [], closed: [] });
  });
});
