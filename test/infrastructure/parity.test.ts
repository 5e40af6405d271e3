/** What must be the same on every cloud: the files of its folder, and the rules of the plan's one firewall table. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ENCAPSULATIONS, parseConfig } from "../../components/config";
import { FAULT_FACTS, planLab } from "../../components/plan";
import { CLOUDS } from "../support/clouds";
import { documentedFirewall } from "../support/documented-firewall";
import { OF_MATRIX } from "../support/fault-settings";
import { expectedFirewall, sorted } from "../support/firewall";
import type { Recorded } from "../support/mocks";

const OPERATOR = ["203.0.113.7/32", "198.51.100.0/24"];

describe("the folders of the clouds", () => {
  it("have the same files, except for each cloud's own requests and what only Neutron has: backends, and ports on hosts", () => {
    const files = (cloud: string) =>
      readdirSync(join(__dirname, "../../components/infrastructure", cloud)).sort();
    const only = ["api", "backend.ts", "session.ts", "tenant-port.ts"];
    assert.deepEqual(
      // OpenStack's survey is one of its own requests, in `api`.
      files("aws").filter((file) => file !== "survey"),
      files("openstack").filter((file) => !only.includes(file)),
    );
  });
});

/** The groups of each node: EC2 has them on the instance, Neutron on the port. */
const groupsByNode = (resources: readonly Recorded[]): Record<string, string[]> =>
  Object.fromEntries(
    resources.flatMap(({ name, props }) => {
      const groups = props.vpcSecurityGroupIds ?? (props.fixedIps && props.securityGroupIds);
      return groups ? [[name, groups]] : [];
    }),
  );

/** The names of the rules in a group. */
const ruleInGroup = (resources: readonly Recorded[], group: string | undefined): string[] =>
  resources.filter(({ props }) => props.securityGroupId === group).map(({ name }) => name);

describe("the firewall", () => {
  for (const { cloud, build, firewall } of CLOUDS) {
    const rowsOf = async (raw: Record<string, unknown>) =>
      firewall((await build(raw, { operatorCidrs: OPERATOR })).resources);

    for (const encapsulation of ENCAPSULATIONS) {
      it(`has exactly the plan's rules: ${encapsulation} on ${cloud}, without faults and with each fault`, async () => {
        const faults = OF_MATRIX.filter(
          (fault) => FAULT_FACTS[fault].of !== "host" && FAULT_FACTS[fault].fabrics.includes(cloud),
        );
        for (const list of [[], ...faults.map((fault) => [fault])]) {
          const raw = { encapsulation, faults: list };
          const plan = planLab(parseConfig({ cloud, ...raw }));
          const rows = await rowsOf(raw);
          assert.deepEqual(sorted(rows), sorted(expectedFirewall(plan, OPERATOR)), list.join());
          if (list.length > 0) continue;
          // The line above cannot see that the plan is wrong.
          const sources = { operator: OPERATOR, nodes: "group", pods: "172.16.0.0/16" };
          assert.deepEqual(sorted(rows), sorted(documentedFirewall(encapsulation, sources)));
        }
      });
    }

    it(`takes a rule from some nodes without touching the others, by a group of its own: ${cloud}`, async () => {
      const raw = { encapsulation: "IPIP", faults: [{ fault: "ipip-blocked", nodes: ["w2"] }] };
      const { resources } = await build(raw, { operatorCidrs: OPERATOR });
      const groups = groupsByNode(resources);
      assert.deepEqual(Object.keys(groups).sort(), ["cp1", "w1", "w2", "w3"]);
      assert.equal(groups.w2?.length, 1);
      for (const name of ["cp1", "w1", "w3"]) {
        assert.equal(groups[name]?.length, 2, name);
        assert.equal(groups[name]?.[0], groups.w2?.[0], "all nodes are in the group that the rules name");
      }
      // The lab as a whole has the same rules as without the fault.
      assert.deepEqual(sorted(firewall(resources)), sorted(await rowsOf({ encapsulation: "IPIP" })));
      const apart = ruleInGroup(resources, groups.cp1?.[1]);
      assert.deepEqual(apart, ["ipip-others"]);
    });

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
