/** What is mutated in a run of each name, and the tests that must notice. */
import { readdirSync } from "node:fs";

const filesIn = (folder) =>
  readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name}`);

/** Tests that keep a build for later would not see a mutant in it. */
export const TARGETS = {
  plan: {
    // The catalogue is prose, and the index exports.
    mutate: filesIn("components/plan").filter((name) => !/plan\/(catalogue|index)\.ts$/.test(name)),
    // The others read what the plan is made of, and what is made of the plan.
    tests: [
      ...filesIn("test/plan").filter((name) => name.endsWith(".test.ts")),
      "test/config/config.test.ts",
      ...["aws/network", "fabric/security", "twin/network", "twin/nodes"].map(
        (name) => `test/infrastructure/${name}.test.ts`,
      ),
      "test/calico/pools.test.ts",
      "test/stacks.test.ts",
    ],
  },
  clouds: {
    mutate: ["aws/security", "openstack/security", "common/ingress"].map(
      (name) => `components/infrastructure/${name}.ts`,
    ),
    tests: ["security", "aws/nodes", "aws/living"].map((name) => `test/infrastructure/${name}.test.ts`),
  },
};
