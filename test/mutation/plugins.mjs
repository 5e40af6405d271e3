/** What Stryker loads: the test runner, and which mutants are left out. */
import { declareClassPlugin, declareValuePlugin, PluginKind } from "@stryker-mutator/api/plugin";
import { reasonToIgnore } from "./ignored.mjs";
import { MochaRunner } from "./runner.mjs";

export const strykerPlugins = [
  declareClassPlugin(PluginKind.TestRunner, "mocha-12", MochaRunner),
  declareValuePlugin(PluginKind.Ignore, "encaplab", { shouldIgnore: reasonToIgnore }),
];
