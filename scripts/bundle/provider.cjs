// Serves this checkout's dynamic resources to the engine, which starts it through scripts/engine/pulumi-resource-pulumi-nodejs.
const { loadBundles, offerProgram, outside } = require("./index.cjs");

const SERVER = "@pulumi/pulumi/cmd/dynamic-provider";
const bundles = loadBundles();
if (bundles) {
  bundles.offerPulumi();
  offerProgram(bundles);
  bundles.packages.load(SERVER);
} else {
  outside(SERVER);
}
