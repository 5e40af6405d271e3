// node pulumi-resource-pulumi-nodejs.cjs ADDRESS: serves the dynamic resources of the program in this folder to the engine.
require("./orphan.cjs");
const { existsSync } = require("node:fs");
const { createRequire } = require("node:module");
const { resolve } = require("node:path");

// A checkout of encaplab loads its bundle; a program that uses the package loads Pulumi from its own packages.
const ours = resolve("scripts/bundle/provider.cjs");
require(
  existsSync(ours) ? ours : createRequire(resolve("index.js")).resolve("@pulumi/pulumi/cmd/dynamic-provider"),
);
