/** What `import … from "encaplab"` gives, and what it loads. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { resolve } from "node:path";

const ROOT = resolve(__dirname, "../..");

/** The SDKs that each name loads in addition to those before it, in a process of its own, beginning with the import. */
function loadedBy(names: readonly string[]): Record<string, string[]> {
  const script = `
    const sdks = () => Object.keys(require.cache).flatMap((file) =>
      /node_modules\\/(@pulumi\\/(?!pulumi\\/)[^/]+|ssh2)\\//.exec(file)?.[1] ?? []);
    const seen = new Set();
    const added = () => sdks().filter((sdk) => !seen.has(sdk) && seen.add(sdk));
    require("tsx/cjs");
    const encaplab = require("./components");
    const loaded = { import: added() };
    for (const name of process.argv.slice(1)) {
      if (typeof encaplab[name] !== "function") throw new Error(name);
      loaded[name] = added();
    }
    console.log(JSON.stringify(loaded));`;
  return JSON.parse(execFileSync("node", ["-e", script, ...names], { cwd: ROOT, encoding: "utf8" }));
}

describe("the public API", function () {
  this.timeout(60_000);

  it("loads a cloud's or a cluster's SDK only when a class that needs it is used", () => {
    const names = [
      "Lab",
      "planLab",
      "judge",
      "parseConfig",
      "ConfigError",

      "TwinObservation",
    ];
    const none = ["Twin", "Hosts", "NodeContainers"];
    const loaded = loadedBy([
      ...names,
      ...none,
      "AwsInfrastructure",
      "OpenStackInfrastructure",
      "Cluster",
      "Calico",
    ]);
    assert.deepEqual(loaded, {
      import: [],
      ...Object.fromEntries([...names, ...none].map((name) => [name, []])),
      AwsInfrastructure: ["@pulumi/aws"],
      OpenStackInfrastructure: ["@pulumi/openstack"],
      Cluster: ["@pulumi/command"],
      Calico: ["@pulumi/kubernetes"],
    });
  });

  it("gives each late name the class or function of that name", async () => {
    const encaplab = await import("../../components");
    const late = Object.entries(Object.getOwnPropertyDescriptors(encaplab)).filter(
      ([, { get }]) => get !== undefined && /require\(/.test(String(get)),
    );
    assert.ok(late.length >= 8, late.map(([name]) => name).join());
    for (const [name] of late) {
      const value = (encaplab as Record<string, unknown>)[name] as { name: string };
      assert.ok(name === value.name || name === `${value.name}Infrastructure`, `${name} is ${value.name}`);
    }
  });
});
