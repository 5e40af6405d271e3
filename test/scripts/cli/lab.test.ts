// scripts/lab up to the point where it calls scripts/cli/index.ts: what it sets up for which command. A stand-in for
// scripts/cli/index.ts prints what it gets. The twin's tools are always missing: this PATH has neither tcpdump nor apt-get.
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
    machine.write(
      "checkout/stacks/Pulumi.aws.yaml",
      "config:\n  encaplab:cloud: aws\n  encaplab:mtu: 1480\n",
    );
    machine.write(
      "checkout/stacks/Pulumi.l1.yaml",
      'config:\n  encaplab:cloud: aws\n  encaplab:rehearse: "true"\n',
    );
    machine.write(
      "checkout/stacks/Pulumi.local.yaml",
      "config:\n  # encaplab:cloud: aws\n  encaplab:cloud: twin\n",
    );
  });
  afterEach(() => machine.remove());

  const lab = async (args: string, folder = ".") => {
    const engine = machine.onPath(minimum);
    const { status, stdout, stderr } = await machine.run(`cd ${folder} && "$OLDPWD"/scripts/lab ${args}`);
    const handed = stdout === "" ? undefined : JSON.parse(stdout);
    return { status, stderr, engine, handed };
  };

  for (const args of [
    "",
    "up",
    "up local",
    "up l1",
    "down",
    "switch VXLAN",
    "shell w1",
    "observe --stack=l1",
    "up nosuch",
  ]) {
    it(`needs the twin's tools for \`${`lab ${args}`.trim()}\``, async () => {
      const { status, stderr, handed } = await lab(args);
      assert.equal(status, 1);
      assert.match(stderr, /^setup: for 'twin' some tools are missing; install: /m);
      assert.equal(handed, undefined);
    });
  }

  for (const args of ["up aws", "down --stack aws", "switch VXLAN -s aws", "status aws"]) {
    it(`does not need the twin's tools for \`lab ${args}\``, async () => {
      const { status, stderr, handed } = await lab(args);
      assert.equal(status, 0, stderr);
      assert.deepEqual(handed.args, args.split(" "));
      assert.match(handed.env.PULUMI_BACKEND_URL, /^file:.*encaplab\/pulumi$/);
    });
  }

  for (const args of [
    "--help",
    "help up",
    "up --help",
    "-h",
    "verdict",
    "verdict l1 --config encapsulation=IPIP",
  ]) {
    it(`needs neither engine nor tools for \`lab ${args}\``, async () => {
      const { status, stderr, handed } = await lab(args);
      assert.equal(status, 0);
      assert.equal(stderr, "");
      assert.deepEqual(handed.args, args.split(" "));
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
    const { status, stdout, stderr } = await machine.run("scripts/lab env");
    assert.equal(status, 0);
    assert.ok(
      stdout.split("\n").every((line) => line === "" || line.startsWith("export ")),
      stdout,
    );
    assert.match(stderr, /on PATH[\s\S]*^setup: for 'twin'/m);
  });
});
