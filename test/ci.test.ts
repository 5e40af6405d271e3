// What `.ci/run` counts: a suite that was skipped, and nobody says why, has failed.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { REPOSITORY } from "./support/repository";

describe(".ci/run", function () {
  this.timeout(60_000);
  let folder: string;
  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-ci-"));
  });
  after(() => fs.rmSync(folder, { recursive: true }));

  /** The sum after one suite with this output: passed, failed, skipped, and what is shown last. */
  function counted(log: string, status = 0): [number, number, number, string] {
    const file = path.join(folder, "suite");
    fs.writeFileSync(file, log);
    const script = [
      "logs=$1 passed=0 failed=0 skipped=0 failures=$1/failures",
      'rm -f "$failures"',
      "eval \"$(sed -n '/^# counted LOG/,/^# suite NAME/p' .ci/run)\"",
      'count suite "$1/suite" "$2" 0 >/dev/null',
      'printf "%d %d %d\\n" "$passed" "$failed" "$skipped"',
      'cat "$failures" 2>/dev/null || true',
    ].join("\n");
    const output = execFileSync("bash", ["-uc", script, "bash", folder, String(status)], {
      cwd: REPOSITORY,
      encoding: "utf8",
    });
    const [sum = "", ...last] = output.split("\n");
    const [good = 0, bad = 0, pending = 0] = sum.split(" ").map(Number);
    return [good, bad, pending, last.join("\n")];
  }

  it("counts what passes, fails and is skipped with a reason", () => {
    assert.deepEqual(counted("  a\n    ✔ b\n\n  12 passing (3s)\n"), [12, 0, 0, ""]);
    assert.deepEqual(counted("    - b (skipped: no root)\n\n  12 passing (3s)\n  1 pending\n"), [
      12,
      0,
      1,
      "",
    ]);
    assert.deepEqual(counted("").slice(0, 3), [1, 0, 0]);
    assert.deepEqual(counted("", 1).slice(0, 3), [0, 1, 0]);
    assert.deepEqual(counted("  12 passing (3s)\n", 7).slice(0, 3), [12, 1, 0]);
  });

  it("counts a test as failed that was skipped without a reason, and names it last", () => {
    const log = "    - b (skipped: no root)\n    - silent one\n\n  12 passing (3s)\n  2 pending\n";
    const [good, bad, pending, last] = counted(log);
    assert.deepEqual([good, bad, pending], [12, 1, 1]);
    assert.match(last, /== suite failed:\n +1 failing: skipped without a stated reason:\n +- silent one\n/);
  });

  it("counts a suite as failed in which no test ran", () => {
    assert.deepEqual(counted("\n  0 passing (3ms)\n").slice(0, 3), [0, 1, 0]);
    assert.deepEqual(counted("    - a\n    - b\n\n  0 passing (1ms)\n  2 pending\n").slice(0, 3), [0, 2, 0]);
  });

  it("finds the reasons that tests state, of a test and of a whole suite", () => {
    const file = path.join(folder, "skipping.cjs");
    const helper = JSON.stringify(path.join(REPOSITORY, "test/support/skip"));
    fs.writeFileSync(
      file,
      `const { skip } = require(${helper});
      it("runs", () => {});
      it("one", function () { skip(this, "no root"); });
      it("silent", function () { this.skip(); });
      describe("suite", () => {
        before(function () { skip(this, "no kernel"); });
        it("two", () => {});
        describe("inside", () => { it("three", () => {}); });
      });`,
    );
    const { stdout } = spawnSync(
      "node_modules/.bin/mocha",
      ["--no-config", "--node-option", "import=tsx", file],
      {
        cwd: REPOSITORY,
        encoding: "utf8",
      },
    );
    const [good, bad, pending, last] = counted(stdout);
    assert.deepEqual([good, bad, pending], [1, 1, 3], stdout);
    assert.match(last, /- silent\n/);
  });
});
