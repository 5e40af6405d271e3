/** Mutation runs over the pure code and over what opens the clouds' firewalls: whether the quick tests notice a change. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";

/** How often each property is tried with each mutant. */
const RUNS = "3";

describe("the quick tests", function () {
  this.timeout(0); // thousands of mutants

  for (const target of ["clouds", "plan"]) {
    it(`notice enough of the mutants of ${target}: test/mutation/run.mjs has the threshold`, async () => {
      const child = spawn(process.execPath, ["test/mutation/run.mjs", target], {
        cwd: join(__dirname, ".."),
        env: { ...process.env, ENCAPLAB_RUNS: RUNS },
        stdio: ["ignore", "inherit", "inherit"],
      });
      const status = await new Promise((done) => child.on("close", done));
      assert.equal(status, 0, "the score, and what survived, is above");
    });
  }
});
