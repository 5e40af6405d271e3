// scripts/lab up to the point where it starts scripts/cli/index.ts, which decides what else a command needs. A stand-in for
// scripts/cli/index.ts prints what it gets. This PATH has neither the twin's tools nor apt-get.
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { Machine, minimum, repository } from "../../support/machine";

describe("scripts/lab", () => {
  let machine: Machine;
  beforeEach(() => {
    machine = new Machine();
    machine.upToDate();
    fs.symlinkSync(
      path.join(repository, "node_modules/tsx"),
      path.join(machine.checkout, "node_modules/tsx"),
    );
    const told = "{ args: process.argv.slice(2), env: process.env, cwd: process.cwd() }";
    machine.write("checkout/scripts/cli/index.ts", `console.log(JSON.stringify(${told}));`);
  });
  afterEach(() => machine.remove());

  const lab = async (args: string, folder = ".") => {
    const engine = machine.onPath(minimum);
    const { status, stdout, stderr } = await machine.run(`cd ${folder} && "$OLDPWD"/scripts/lab ${args}`);
    const handed = stdout === "" ? undefined : JSON.parse(stdout);
    return { status, stderr, engine, handed };
  };

  for (const args of ["", "up", "verdict l1 --config encapsulation=IPIP", "switch --help", "help up"]) {
    it(`hands \`${`lab ${args}`.trim()}\` on, and sets up neither engine nor tools`, async () => {
      const { status, stderr, handed } = await lab(args);
      assert.equal(status, 0, stderr);
      assert.equal(stderr, "");
      assert.deepEqual(handed.args, args === "" ? [] : args.split(" "));
      assert.equal(handed.env.PULUMI_BACKEND_URL, undefined);
    });
  }

  it("passes arguments with spaces on unchanged, and runs in the checkout wherever it is called", async () => {
    const { handed } = await lab('status aws "two words" ""', "/");
    assert.deepEqual(handed.args, ["status", "aws", "two words", ""]);
    assert.equal(handed.cwd, fs.realpathSync(machine.checkout));
  });

  it("returns the exit code of scripts/cli/index.ts", async () => {
    machine.write("checkout/scripts/cli/index.ts", "process.exitCode = 7;");
    assert.equal((await lab("status aws")).status, 7);
  });

  it("prints only lines to evaluate for `lab env`, even if tools are missing", async () => {
    machine.onPath(minimum);
    const { status, stdout } = await machine.run("scripts/lab env");
    assert.equal(status, 0);
    assert.ok(
      stdout.split("\n").every((line) => line === "" || /^(export|unset) /.test(line)),
      stdout,
    );
  });

  it("puts `lab` on PATH by `lab env`, from every folder", async () => {
    machine.onPath(minimum);
    machine.write(
      "checkout/scripts/cli/bin/lab",
      fs.readFileSync(path.join(repository, "scripts/cli/bin/lab"), "utf8"),
      0o755,
    );
    const { status, stdout, stderr } = await machine.run(
      'eval "$(scripts/lab env)"; cd /; lab status "two words"',
    );
    assert.equal(status, 0, stderr);
    assert.deepEqual(JSON.parse(stdout).args, ["status", "two words"]);
  });
});
