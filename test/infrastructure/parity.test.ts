/** What must be the same on every cloud: the files of its folder, and the rules of the plan's one firewall table. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ENCAPSULATIONS, FAULTS, parseConfig } from "../../components/config";
import { FAULT_FACTS, planLab } from "../../components/plan";
import { CLOUDS } from "../support/clouds";
import { expectedFirewall, sorted } from "../support/firewall";

const OPERATOR = ["203.0.113.7/32", "198.51.100.0/24"];

describe("the folders of the clouds", () => {
  it("have the same files, except for OpenStack's own requests and what only Neutron has: backends", () => {
    const files = (cloud: string) =>
      readdirSync(join(__dirname, "../../components/infrastructure", cloud)).sort();
    const only = ["api", "backend.ts", "session.ts"];
    assert.deepEqual(
      files("aws"),
      files("openstack").filter((file) => !only.includes(file)),
    );
  });
});

describe("the firewall", () => {
  for (const { cloud, build, firewall } of CLOUDS) {
    const rowsOf = async (raw: Record<string, unknown>) =>
      firewall((await build(raw, { operatorCidrs: OPERATOR })).resources);

    for (const encapsulation of ENCAPSULATIONS) {
      it(`has exactly the plan's rules: ${encapsulation} on ${cloud}, without faults and with each fault`, async () => {
        const faults = FAULTS.filter((fault) => FAULT_FACTS[fault].fabrics.includes(cloud));
        for (const list of [[], ...faults.map((fault) => [fault])]) {
          const raw = { encapsulation, faults: list };
          const plan = planLab(parseConfig({ cloud, ...raw }));
          const rows = await rowsOf(raw);
          assert.deepEqual(sorted(rows), sorted(expectedFirewall(plan, OPERATOR)), list.join());
        }
      });
    }

    it(`has no rule with a source of /0: ${cloud}`, async () => {
      for (const encapsulation of ENCAPSULATIONS) {
        const rows = await rowsOf({ encapsulation });
        assert.deepEqual(
          rows.filter(({ source }) => source.endsWith("/0")),
          [],
        );
      }
    });
  }
});
