/**
 * Mocha as Stryker's test runner. The one that Stryker 9 has does not know Mocha 12 (it loads mocha/lib/cli/run-helpers,
 * which is gone), and that of Stryker 10 needs Node 22. This one uses Mocha's public API alone.
 */
import { resolve } from "node:path";
import { INSTRUMENTER_CONSTANTS } from "@stryker-mutator/api/core";
import { commonTokens, tokens } from "@stryker-mutator/api/plugin";
import {
  DryRunStatus,
  determineHitLimitReached,
  TestStatus,
  toMutantRunResult,
} from "@stryker-mutator/api/test-runner";
import Mocha from "mocha";

/** What the mutated code and Stryker share: which mutant is active, and which test reached which mutants. */
globalThis[INSTRUMENTER_CONSTANTS.NAMESPACE] ??= {};
const shared = globalThis[INSTRUMENTER_CONSTANTS.NAMESPACE];

/** Finds whole titles in a set. A regular expression of a thousand titles takes seconds, for every mutant. */
class Titles extends RegExp {
  constructor(titles) {
    super("");
    this.titles = titles && new Set(titles);
  }

  /** Without titles, every test is wanted. */
  test(title) {
    return this.titles?.has(title) ?? true;
  }
}

export class MochaRunner {
  static inject = tokens(commonTokens.options);
  loaded = false;

  constructor({ mochaOptions }) {
    this.mocha = new Mocha({ timeout: 0, reporter: class {} });
    this.mocha.cleanReferencesAfterRun(false); // the same files run again for the next mutant
    for (const file of mochaOptions.spec) this.mocha.addFile(resolve(file));
    this.mocha.suite.beforeEach(function () {
      shared.currentTestId = this.currentTest.fullTitle();
    });
  }

  capabilities() {
    // Node caches modules, so a mutant in what a module computes while it loads needs a new process.
    return { reloadEnvironment: false };
  }

  async dryRun({ coverageAnalysis, disableBail }) {
    const result = await this.run(disableBail);
    return { ...result, mutantCoverage: coverageAnalysis === "off" ? undefined : shared.mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, disableBail, hitLimit, mutantActivation }) {
    shared.hitLimit = hitLimit;
    shared.hitCount = hitLimit ? 0 : undefined;
    this.mocha.grep(new Titles(testFilter));
    shared.activeMutant = mutantActivation === "static" ? activeMutant.id : undefined;
    return toMutantRunResult(await this.run(disableBail, activeMutant.id));
  }

  async run(disableBail, mutant) {
    try {
      if (!this.loaded) await this.mocha.loadFilesAsync();
      this.loaded = true;
      setBail(this.mocha.suite, !disableBail);
      shared.activeMutant = mutant;
      const tests = await this.runTests();
      return (
        determineHitLimitReached(shared.hitCount, shared.hitLimit) ?? { status: DryRunStatus.Complete, tests }
      );
    } catch (error) {
      return { status: DryRunStatus.Error, errorMessage: String(error?.stack ?? error) };
    }
  }

  runTests() {
    const tests = [];
    const add = (test, status, more = {}) =>
      tests.push({
        id: test.fullTitle(),
        name: test.fullTitle(),
        timeSpentMs: test.duration ?? 0,
        status,
        ...more,
      });
    return new Promise((done) => {
      const runner = this.mocha.run(() => done(tests));
      runner.on("pass", (test) => add(test, TestStatus.Success));
      runner.on("pending", (test) => add(test, TestStatus.Skipped));
      runner.on("fail", (test, { message }) => add(test, TestStatus.Failed, { failureMessage: message }));
    });
  }
}

function setBail(suite, bail) {
  suite.bail(bail);
  for (const inner of suite.suites) setBail(inner, bail);
}
