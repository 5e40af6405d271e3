// The part of scripts/lint/run that no tool has by itself.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { REPOSITORY } from "../support/repository";

const RUN = fs.readFileSync(path.join(REPOSITORY, "scripts/lint/run"), "utf8");
const CHECK = /^check_masked\(\) \{\n[\s\S]*?^\}\n/m.exec(RUN)?.[0] ?? "";

describe("the shell linter", () => {
  let dir = "";
  before(function () {
    if (spawnSync("shellcheck", ["--version"]).error) this.skip();
    dir = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-lint-"));
  });
  after(() => {
    if (dir) fs.rmSync(dir, { recursive: true, force: true });
  });

  const check = (line: string) => {
    const file = path.join(dir, "step.sh");
    fs.writeFileSync(file, `# shellcheck shell=bash\n${line}\n`);
    return spawnSync("bash", ["-c", `set -eo pipefail; ${CHECK} check_masked "$1"`, "bash", file], {
      encoding: "utf8",
    });
  };

  for (const line of [
    'result "$(kubectl get nodes)"',
    'while read -r x; do echo "$x"; done < <(kubectl get nodes)',
    "for x in $(kubectl get nodes); do echo x; done",
    "case $(uname -m) in x) echo x ;; esac",
    "if [[ -z $(kubectl get nodes) ]]; then echo none; fi",
  ]) {
    it(`refuses a command whose failure looks like an empty answer: ${line}`, () => {
      const { status, stdout } = check(line);
      assert.equal(status, 1);
      assert.match(stdout, /step\.sh:2/);
    });
  }

  for (const line of [
    'x=$(kubectl get nodes | sort); result "$x"',
    'say "$(cat log || true)"',
    'for x in "$@"; do echo "$x"; done',
  ]) {
    it(`accepts ${line}`, () => {
      const { status, stdout } = check(line);
      assert.deepEqual([status, stdout], [0, ""]);
    });
  }
});
