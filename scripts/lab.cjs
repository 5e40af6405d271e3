// Starts the command line: scripts/lab has checked Node and the npm packages.
const path = require("node:path");
const { missingPackage } = require("./missing-package.cjs");

const INDEX = "scripts/cli/index.ts";
try {
  const { loadBundles, outside } = require("./bundle/index.cjs");
  const bundles = loadBundles();
  if (bundles) {
    bundles.program.load(INDEX);
  } else {
    outside("tsx/cjs");
    outside(path.resolve(__dirname, "..", INDEX));
  }
} catch (error) {
  const sentence = missingPackage(error);
  if (!sentence) throw error;
  console.error(sentence);
  process.exitCode = 1;
}
