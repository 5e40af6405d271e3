// Makes the TypeScript of this checkout loadable: from the bundle, else by tsx. Preloaded into the program (see Pulumi.yaml),
// and loaded by what the states keep of a dynamic resource.
const path = require("node:path");

const checkout = path.resolve(__dirname, "..") + path.sep;
// Not twice, and not where tsx already loads it, as in the tests: two copies of a class do not know each other's objects.
const loaded = Object.keys(require.cache).some((file) => file.startsWith(checkout) && file.endsWith(".ts"));
if (!loaded) {
  require("./engine/orphan.cjs");
  require("./inspect.cjs");
  const { loadBundles, offerProgram, outside } = require("./bundle/index.cjs");
  const bundles = loadBundles();
  if (bundles) {
    bundles.offerPulumi();
    offerProgram(bundles);
  } else {
    // Load Pulumi before tsx: tsx's hooks double the time of every later `require`, and Pulumi alone is seven hundred files
    // (0.7 s without the hooks, 1.3 s with them, on two cores).
    outside("@pulumi/pulumi");
    outside("tsx/cjs");
  }
}
