/**
 * Mocha as Stryker's test runner. The one that Stryker 9 has does not know Mocha 12 (it loads mocha/lib/cli/run-helpers,
 * which is gone), and that of Stryker 10 needs Node 22. This one uses Mocha's public API alone.
 */
import { createRequire } from "node:module";
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

/** The name under which Stryker is told what tests reach while their files are loaded. No test has it. */
const LOADING = "while tests are loaded";

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
    this.first = mochaOptions.require;
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
      if (!this.loaded) await this.load();
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

  /**
   * Loads the mutated code, then the tests. What the code computes while it loads is static for Stryker: its mutants need a
   * process each. What tests compute outside of a test (`const plan = …` in a `describe`) must not count as that, or it is
   * nearly the whole plan. It stays without mutants, so a test of it notices none.
   */
  async load() {
    const require = createRequire(import.meta.url);
    for (const file of this.first) require(resolve(file));
    shared.currentTestId = LOADING;
    await this.mocha.loadFilesAsync();
    shared.currentTestId = undefined;
    this.loaded = true;
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
    let failed;
    return new Promise((done) => {
      const runner = this.mocha.run(() => {
        if (failed) this.runFirst(failed);
        done(tests);
      });
      runner.on("pass", (test) => add(test, TestStatus.Success));
      runner.on("pending", (test) => add(test, TestStatus.Skipped));
      runner.on("fail", (test, { message }) => {
        add(test, TestStatus.Failed, { failureMessage: message });
        failed = test;
      });
    });
  }

  /**
   * From now on a test's file comes first: the next mutant is most likely near this one, and the same tests notice it. In the
   * order of their names, those of the config come after ten seconds of others.
   */
  runFirst({ file }) {
    const { suites } = this.mocha.suite;
    suites.sort((one, other) => (other.file === file) - (one.file === file));
  }
}

function setBail(suite, bail) {
  suite.bail(bail);
  for (const inner of suite.suites) setBail(inner, bail);
}
