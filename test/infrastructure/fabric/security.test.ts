import assert from "node:assert/strict";
import * as fc from "fast-check";
import { port } from "../../../components/infrastructure/fabric/names";
import { renderSecurity } from "../../../components/infrastructure/fabric/security";
import { fabricFacts, type LabPlan, planLab } from "../../../components/plan";
import { labConfigs } from "../../support/arbitraries";
import { planOf } from "../../support/problems";

/** The names in the comments of the chain `ingress`, in the order of the file. */
function ingressOf(rules: string): string[] {
  const chain = /chain ingress \{\n([\s\S]*?)\n {2}\}/.exec(rules)?.[1] ?? "";
  return [...chain.matchAll(/comment "([^"]+)"/g)].map(([, name = ""]) => name);
}

const expected = (plan: LabPlan): string[] =>
  plan.firewall.filter(({ open, source }) => open && source !== "operator").map(({ name }) => name);

describe("the fabric's rules", () => {
  it("are exactly the plan's open rules, without the closed ones", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const plan = planLab(config);
        const { rules, bgpOpen } = renderSecurity(plan);
        const { securityGroup, antiSpoofing, dropsIpip } = fabricFacts(plan);
        // Tailscale's check lets every packet pass where pods are routed.
        const checks = antiSpoofing && !(antiSpoofing.followsRoutes && plan.antiSpoofing.allowsPods);
        assert.deepEqual(ingressOf(rules), securityGroup ? expected(plan) : []);
        const narrow = plan.nodes.some(({ host }) => host.broken.includes("link-mtu-smaller"));
        assert.equal(/drop/.test(rules), securityGroup || checks || narrow || dropsIpip !== undefined);
        assert.equal(bgpOpen, !securityGroup || expected(plan).includes("bgp"));
        for (const family of ["bridge", "ip"])
          assert.ok(rules.includes(`delete table ${family} fabric`), "the old rules are replaced");
      }),
    );
  });

  it("let a port send and receive the pods' addresses only if the plan allows it", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const plan = planLab(config);
        const { rules } = renderSecurity(plan);
        for (const { name, address, host } of plan.nodes) {
          const { tap } = port(name);
          const own = host.allowsPods ? `{ ${address}, ${plan.ipPool.cidr} }` : `{ ${address} }`;
          const { out = [], in: into = [] } = fabricFacts(plan).antiSpoofing?.checks ?? {};
          const foreign = `oifname "${tap}" ip saddr ${plan.ipPool.cidr} counter drop`;
          assert.equal(
            rules.includes(`iifname "${tap}" ip saddr != ${own} counter drop`),
            out.includes("source"),
          );
          assert.equal(
            rules.includes(`oifname "${tap}" ip daddr != ${own} counter drop`),
            into.includes("destination"),
          );
          assert.equal(rules.includes(foreign), into.includes("source") && !plan.antiSpoofing.allowsPods);
        }
      }),
    );
  });

  it("name protocol 4 and ports by number, and the pods by the pod CIDR", () => {
    const { rules } = renderSecurity(planOf({ fabric: "aws", encapsulation: "IPIPCrossSubnet" }));
    assert.match(rules, /ip saddr @nodes ip protocol 4 accept comment "ipip"/);
    assert.match(rules, /ip saddr @nodes tcp dport 179 accept comment "bgp"/);
    assert.match(rules, /ip saddr 172\.16\.0\.0\/16 accept comment "pod-cidr"/);
    assert.doesNotMatch(rules, /\b94\b/);
    const vxlan = renderSecurity(planOf({ fabric: "openstack", encapsulation: "VXLAN" })).rules;
    assert.match(vxlan, /ip saddr @nodes udp dport 4789 accept comment "vxlan"/);
    assert.match(vxlan, /ip saddr @nodes tcp dport 179 accept comment "bgp"/);
    assert.doesNotMatch(vxlan, /ip protocol 4/);
    const quiet = renderSecurity(planOf({ fabric: "openstack", encapsulation: "VXLAN", bgp: "Disabled" }));
    assert.doesNotMatch(quiet.rules, /dport 179 accept/);
  });

  it("track connections for every port separately", () => {
    const plan = planOf({ fabric: "aws" });
    const zones =
      renderSecurity(plan)
        .rules.match(/ct zone set iifname map \{ (.*) \}/)?.[1]
        ?.split(", ") ?? [];
    assert.deepEqual(
      zones,
      plan.nodes.map(({ name, index }) => `"${port(name).bridge}" : ${index + 1}`),
    );
  });

  it("come before br_netfilter, after which some kernels skip hooks of the same priority", () => {
    const { rules } = renderSecurity(planOf({ fabric: "aws" }));
    assert.match(rules, /chain anti-spoofing \{\n +type filter hook forward priority -200;/);
  });
});
