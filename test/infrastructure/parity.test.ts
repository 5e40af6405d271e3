/** One plan has one firewall table: on every cloud, the resulting rules are exactly the plan's. */
import assert from "node:assert/strict";
import { ENCAPSULATIONS, FAULTS, parseConfig } from "../../components/config";
import { FAULT_FACTS, planLab } from "../../components/plan";
import { buildAws, firewallOfAws } from "../support/aws";
import { expectedFirewall, type FirewallRow, sorted } from "../support/firewall";
import { buildOpenStack, firewallOfOpenStack } from "../support/openstack";

const OPERATOR = ["203.0.113.7/32", "198.51.100.0/24"];

/** How to find the rules of each cloud. Add a new cloud here. */
const CLOUDS: Record<
  "aws" | "openstack",
  (raw: Record<string, unknown>, operatorCidrs: readonly string[]) => Promise<FirewallRow[]>
> = {
  aws: async (raw, operatorCidrs) => firewallOfAws((await buildAws(raw, operatorCidrs)).resources),
  openstack: async (raw, operatorCidrs) =>
    firewallOfOpenStack((await buildOpenStack(raw, operatorCidrs)).resources),
};

describe("the firewall", () => {
  for (const cloud of ["aws", "openstack"] as const) {
    for (const encapsulation of ENCAPSULATIONS) {
      it(`has exactly the plan's rules: ${encapsulation} on ${cloud}, without faults and with each fault`, async () => {
        const faults = FAULTS.filter((fault) => FAULT_FACTS[fault].fabrics.includes(cloud));
        for (const list of [[], ...faults.map((fault) => [fault])]) {
          const raw = { encapsulation, faults: list };
          const plan = planLab(parseConfig({ cloud, ...raw }));
          const rows = await CLOUDS[cloud](raw, OPERATOR);
          assert.deepEqual(sorted(rows), sorted(expectedFirewall(plan, OPERATOR)), list.join());
        }
      });
    }

    it(`has no rule with a source of /0: ${cloud}`, async () => {
      for (const encapsulation of ENCAPSULATIONS) {
        const rows = await CLOUDS[cloud]({ encapsulation }, OPERATOR);
        assert.deepEqual(
          rows.filter(({ source }) => source.endsWith("/0")),
          [],
        );
      }
    });
  }
});
