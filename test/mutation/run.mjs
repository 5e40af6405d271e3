/**
 * Changes the code in one place after another, and runs the quick tests on each: a change that no test notices survives.
 *
 *   node test/mutation/run.mjs TARGET [FILE …]
 *
 * Prints what survived and the score, and fails below the threshold. With FILEs, only these are mutated, or lines of them
 * (`components/plan/pool.ts:20-30`). FILEs below test/ are the only tests: that is quicker, and the score can only be lower.
 * Stryker works on copies in .stryker-tmp, which it removes. `ENCAPLAB_RUNS` says how often each property is tried
 * (test/support/runs.ts).
 */
import { availableParallelism } from "node:os";
import { relative } from "node:path";
import { Stryker } from "@stryker-mutator/core";
import { isByTheClock } from "./plugins.mjs";
import { TARGETS } from "./targets.mjs";

/** The share of mutants that tests must notice, in percent. */
const THRESHOLD = 90;

const [target, ...named] = process.argv.slice(2);
const { mutate, tests } = TARGETS[target];
const isTest = (name) => name.startsWith("test/");
const [files, onlyTests] = [named.filter((name) => !isTest(name)), named.filter(isTest)];
const results = await new Stryker({
  testRunner: "mocha-12",
  plugins: ["./test/mutation/plugins.mjs"],
  ignorers: ["encaplab"],
  // For the processes that run tests: they load TypeScript.
  testRunnerNodeArgs: ["--import=tsx"],
  // Not as Stryker's `testFiles`: it then runs only tests with a file's name as title for what a module computes on loading.
  mochaOptions: {
    require: mutate,
    spec: ["test/support/runs.ts", ...(onlyTests.length > 0 ? onlyTests : tests)],
  },
  warnings: { unknownOptions: false }, // that is one
  mutate: files.length > 0 ? files : mutate,
  coverageAnalysis: "perTest",
  concurrency: Math.min(2, availableParallelism()),
  // Stryker stops a loop without an end by counting. A busy machine must not pass for one, and a slow test not for a kill.
  timeoutMS: 120_000,
  // The first run has every test.
  dryRunTimeoutMinutes: 60,
  tempDirName: ".stryker-tmp",
  cleanTempDir: "always",
  reporters: ["survivors"],
  allowConsoleColors: false,
}).runMutationTest();

const ended = (...wanted) => results.filter(({ status }) => wanted.includes(status));
const slow = results.filter(isByTheClock);
const noticed = ended("Killed", "Timeout").filter((one) => !isByTheClock(one));
const survivors = [...ended("Survived", "NoCoverage"), ...slow];
const scoreOf = (within) => (100 * within(noticed).length) / within([...noticed, ...survivors]).length;
for (const file of new Set([...noticed, ...survivors].map(({ fileName }) => fileName)))
  console.log(
    `${scoreOf((some) => some.filter((one) => one.fileName === file))
      .toFixed(1)
      .padStart(5)} %  ${relative("", file)}`,
  );
const score = scoreOf((some) => some);
console.log(
  `${target}: ${score.toFixed(1)} % of ${noticed.length + survivors.length} mutants noticed, ${ended("Ignored").length} left out`,
);
// Without any mutant the score is no number.
process.exitCode = score >= THRESHOLD ? 0 : 1;
