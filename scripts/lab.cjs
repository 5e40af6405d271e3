// Starts the command line: scripts/lab has checked Node and the npm packages.
const path = require("node:path");
const { loadBundles, outside } = require("./bundle/index.cjs");

const INDEX = "scripts/cli/index.ts";
const bundles = loadBundles();
if (bundles) {
  bundles.program.load(INDEX);
} else {
  outside("tsx/cjs");
  outside(path.resolve(__dirname, "..", INDEX));
}
