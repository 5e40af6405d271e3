/** What Stryker loads: the test runner, which mutants are left out, and how those that survive are shown. */
import { relative } from "node:path";
import { declareClassPlugin, declareValuePlugin, PluginKind } from "@stryker-mutator/api/plugin";
import { reasonToIgnore } from "./ignored.mjs";
import { MochaRunner } from "./runner.mjs";

/** Whether a mutant was given up because of the time, and not because it went round a loop too often: a busy machine may do that. */
export const isByTheClock = ({ status, statusReason }) => status === "Timeout" && !statusReason;

/** Prints each mutant that no test notices, as soon as that is known. */
class Survivors {
  onMutationTestingPlanReady({ mutantPlans }) {
    this.left = mutantPlans.length;
  }

  onMutantTested(mutant) {
    const { status, fileName, location, mutatorName, replacement } = mutant;
    if (--this.left % 100 === 0) console.log(`${this.left} mutants to go`);
    if (status === "Survived" || status === "NoCoverage" || isByTheClock(mutant))
      console.log(
        `${relative("", fileName)}:${location.start.line} ${mutatorName}: ${replacement}${isByTheClock(mutant) ? " (not in time)" : ""}`,
      );
  }
}

export const strykerPlugins = [
  declareClassPlugin(PluginKind.TestRunner, "mocha-12", MochaRunner),
  declareClassPlugin(PluginKind.Reporter, "survivors", Survivors),
  declareValuePlugin(PluginKind.Ignore, "encaplab", { shouldIgnore: reasonToIgnore }),
];
