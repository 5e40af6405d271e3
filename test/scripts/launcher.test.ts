// The launcher's words against a stand-in for `pulumi`: what it is asked, in which order, and what the user is told.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Checkout } from "../support/checkout";

const UNASKED = "--yes --skip-preview --suppress-outputs";
const PART = "pulumi-nodejs:dynamic/encaplab:";
const TWIN = [
  { type: "pulumi:pulumi:Stack" },
  { type: "encaplab:twin:Twin" },
  { type: `${PART}Place`, outputs: { folder: "/nonexistent/encaplab-lab" } },
];
const MACHINES = [{ type: "pulumi:pulumi:Stack" }, { type: "aws:ec2/instance:Instance" }];

/** The number of a process that has just ended. */
const deadPid = () => spawnSync("true").pid;

describe("the launcher", function () {
  this.timeout(60_000);
  let checkout: Checkout;
  beforeEach(() => {
    checkout = new Checkout().withStandIn();
  });
  afterEach(() => checkout.remove());
  const local = () => checkout.read("stacks/Pulumi.local.yaml");
  const fake = (name: string, text = "") => fs.writeFileSync(path.join(checkout.root, name), text);

  describe("up", () => {
    it("without a word makes the stack local and brings it up", async () => {
      const { status, stderr } = await checkout.launch();
      assert.equal(status, 0, stderr);
      assert.deepEqual(checkout.calls(), ["stack init local --no-select", `up --stack local ${UNASKED}`]);
    });

    it("makes no stack that is there", async () => {
      checkout.deployed("L12", {});
      assert.equal((await checkout.launch("up", "L12")).status, 0);
      assert.deepEqual(checkout.calls(), [`up --stack L12 ${UNASKED}`]);
    });

    it("takes the stack by --stack as well, but not two different ones", async () => {
      checkout.deployed("L12", {});
      await checkout.launch("up", "--stack", "L12");
      assert.deepEqual(checkout.calls(), [`up --stack L12 ${UNASKED}`]);
      const { status, stderr } = await checkout.launch("up", "L11", "-s", "L12");
      assert.equal(status, 2);
      assert.match(stderr, /Which stack: L11, or L12/);
    });

    it("lets the engine ask before machines that cost money, unless --yes says it", async () => {
      checkout.write("stacks/Pulumi.real.yaml", "config:\n  encaplab:cloud: aws\n");
      checkout.deployed("real", {});
      await checkout.launch("up", "real");
      await checkout.launch("up", "real", "--yes");
      assert.deepEqual(checkout.calls(), ["up --stack real", "up --stack real --yes"]);
    });

    it("lets it ask when a stack of machines becomes a rehearsal, for they would go", async () => {
      checkout.deployed("L12", { resources: MACHINES });
      await checkout.launch("up", "L12");
      assert.deepEqual(checkout.calls(), ["up --stack L12"]);
    });

    it("passes the engine's exit code on", async () => {
      fake("status", "255");
      assert.equal((await checkout.launch("up")).status, 255);
    });

    it("tells in the engine's words why a stack cannot be made", async () => {
      fake("refuses");
      const { status, stderr } = await checkout.launch("up");
      assert.equal(status, 1);
      assert.match(
        stderr,
        /`pulumi stack init local --no-select` failed with exit code 255:\nerror: passphrase/,
      );
      assert.doesNotMatch(stderr, /\n {4}at /);
    });

    it("tells at once of a config that cannot be used, in plain sentences, and starts no engine", async () => {
      checkout.write(
        "stacks/Pulumi.local.yaml",
        "config:\n  encaplab:encapsulation: IPPI\n  encaplab:mtoo: 1\n",
      );
      const { status, stderr } = await checkout.launch("up");
      assert.equal(status, 2);
      assert.match(stderr, /^stacks\/Pulumi.local.yaml: The stack's config cannot be used:\n/);
      assert.match(stderr, /encaplab:encapsulation is "IPPI": allowed are IPIP, /);
      assert.match(stderr, /encaplab:mtoo is 1: there is no such key/);
      assert.doesNotMatch(stderr, /\n {4}at /);
      assert.deepEqual(checkout.calls(), []);
    });

    it("says which stacks there are when there is no such one", async () => {
      const { status, stderr } = await checkout.launch("up", "locla");
      assert.equal(status, 2);
      assert.match(stderr, /no stack "locla".*There are: local, L1, L2, .*L10, L11, L12\.$/m);
      assert.deepEqual(checkout.calls(), []);
    });

    it("leaves secrets alone, and what cannot be judged without them to the engine", async () => {
      checkout.deployed("secret", {});
      const text = "config:\n  encaplab:cloud: twin\n  encaplab:faults:\n    secure: v1:x\n";
      checkout.write("stacks/Pulumi.secret.yaml", text);
      await checkout.launch("up", "secret");
      checkout.write("stacks/Pulumi.secret.yaml", `${text}  encaplab:fabric: awls\n`);
      await checkout.launch("up", "secret");
      assert.deepEqual(checkout.calls(), [`up --stack secret ${UNASKED}`, "up --stack secret"]);
    });

    it("in a backend of the user's own asks that backend", async () => {
      checkout.env.PULUMI_BACKEND_URL = "s3://theirs";
      await checkout.launch("up");
      assert.deepEqual(checkout.calls(), [
        "stack export --stack local",
        "stack init local --no-select",
        `up --stack local ${UNASKED}`,
      ]);
    });
  });

  describe("switch", () => {
    it("is one start of the engine, which saves the value, and tells how long it took", async () => {
      checkout.deployed("local", { resources: TWIN });
      const { status, stderr } = await checkout.launch("switch", "VXLAN");
      assert.equal(status, 0);
      assert.deepEqual(checkout.calls(), [`up --stack local ${UNASKED} --config encapsulation=VXLAN`]);
      assert.match(stderr, /^local runs VXLAN \(\d+\.\d s\)\.$/m);
    });

    it("refuses what the whole config does not allow, before anything is written", async () => {
      checkout.write("stacks/Pulumi.quiet.yaml", "config:\n  encaplab:bgp: Disabled\n");
      const before = local();
      for (const [argv, why] of [
        [["vxlan"], /encaplab:encapsulation is "vxlan": allowed are/],
        [
          ["IPIP", "--stack", "quiet"],
          /Pulumi.quiet.yaml: The stack's config cannot be used:\n.*encaplab:bgp/,
        ],
      ] as const) {
        const { status, stderr } = await checkout.launch("switch", ...argv);
        assert.equal(status, 2);
        assert.match(stderr, why);
      }
      assert.equal(local(), before);
      assert.deepEqual(checkout.calls(), []);
    });
  });

  describe("down", () => {
    it("destroys, and leaves the stack's file byte for byte as it was", async () => {
      const before = local();
      await checkout.launch("up");
      assert.match(local(), /encryptionsalt/);
      checkout.deployed("local", { resources: TWIN });
      checkout.calls();
      assert.equal((await checkout.launch("down")).status, 0);
      assert.deepEqual(checkout.calls(), [`destroy --stack local ${UNASKED}`]);
      assert.equal(local(), before);
    });

    it("leaves the salt where secrets need it, and where the destroy failed", async () => {
      const salt = "encryptionsalt: v1:abc=:v1:def\n";
      const secret = `config:\n  encaplab:cloud: twin\n  encaplab:aws:\n    publicKey:\n      secure: v1:x\n${salt}`;
      checkout.write("stacks/Pulumi.secret.yaml", secret);
      checkout.deployed("secret", { resources: TWIN });
      await checkout.launch("down", "secret");
      assert.equal(checkout.read("stacks/Pulumi.secret.yaml"), secret);
      checkout.write("stacks/Pulumi.local.yaml", local() + salt);
      checkout.deployed("local", { resources: TWIN });
      fake("status", "1");
      assert.equal((await checkout.launch("down")).status, 1);
      assert.match(local(), /encryptionsalt/);
    });

    it("lets the engine ask before it takes machines down", async () => {
      checkout.deployed("L12", { resources: MACHINES });
      await checkout.launch("down", "L12");
      assert.deepEqual(checkout.calls(), ["destroy --stack L12"]);
    });

    it("has nothing to take down where nothing is up, known stack or not", async () => {
      checkout.deployed("local", {});
      for (const stack of ["local", "L12", "never-heard-of"]) {
        const { status, stderr } = await checkout.launch("down", stack);
        assert.equal(status, 0);
        assert.match(stderr, /Nothing to take down/);
      }
      assert.deepEqual(checkout.calls(), []);
    });
  });

  describe("after a run that was killed", () => {
    const lock = (more: object = {}) => ({
      pid: deadPid(),
      username: "ann",
      hostname: os.hostname(),
      timestamp: "2026-01-02T03:04:05Z",
      ...more,
    });

    for (const word of [["up"], ["switch", "VXLAN"], ["down"]]) {
      it(`lifts the lock before ${word[0]}, and says so`, async () => {
        checkout.deployed("local", { resources: TWIN });
        checkout.lock("local", lock());
        const { status, stderr } = await checkout.launch(...word);
        assert.equal(status, 0);
        assert.match(stderr, /An earlier run \(process \d+\) was killed.*the lock is lifted\.$/m);
        assert.equal(checkout.calls()[0], "cancel --stack local --yes");
      });
    }

    it("respects the lock of a run that lives, and of one that may live elsewhere", async () => {
      const living = path.join(checkout.root, "pulumi-that-lives");
      fs.copyFileSync("/bin/sleep", living);
      fs.chmodSync(living, 0o755);
      const child = spawn(living, ["60"]);
      try {
        checkout.lock("local", lock({ pid: child.pid }));
        const here = await checkout.launch("up");
        assert.equal(here.status, 1);
        assert.match(here.stderr, new RegExp(`being changed right now, by process ${child.pid} of ann`));
      } finally {
        child.kill();
      }
      checkout.lock("local", lock({ hostname: "elsewhere" }));
      const elsewhere = await checkout.launch("down");
      assert.equal(elsewhere.status, 1);
      assert.match(elsewhere.stderr, /on elsewhere.*pulumi cancel --stack local/);
      assert.deepEqual(checkout.calls(), []);
    });

    it("takes the number for dead when another program has it by now", async () => {
      checkout.deployed("local", {});
      checkout.lock("local", lock({ pid: process.pid }));
      assert.equal((await checkout.launch("up")).status, 0);
    });

    it("makes the engine forget what it was doing to the twin, and nothing else", async () => {
      const operation = (type: string) => ({ type: "creating", resource: { type } });
      const cloud = operation("aws:ec2/instance:Instance");
      checkout.deployed("local", { resources: TWIN, pending_operations: [operation(`${PART}Node`), cloud] });
      await checkout.launch("up");
      assert.deepEqual(checkout.calls(), [
        "stack export --stack local",
        "stack import --stack local",
        `up --stack local ${UNASKED}`,
      ]);
      const imported = JSON.parse(fs.readFileSync(path.join(checkout.root, "imported"), "utf8"));
      assert.deepEqual(imported.deployment.pending_operations, [cloud]);
      assert.deepEqual(imported.deployment.resources, TWIN);
    });
  });

  it("hands an interruption to the engine once, waits for it, and returns its exit code", async () => {
    checkout.deployed("local", {});
    fake("waits");
    fake("status", "9");
    let sent = false;
    const argv = ["--import", "tsx", "scripts/lab.ts", "up"];
    const result = await checkout.start("node", argv, (shown, pid) => {
      if (sent || !shown.includes("ready")) return;
      sent = true;
      for (const signal of ["SIGINT", "SIGTERM", "SIGINT"] as const) process.kill(pid, signal);
      setTimeout(() => fake("done"), 300);
    });
    assert.equal(result.status, 9);
    assert.deepEqual(checkout.calls(), [`up --stack local ${UNASKED}`, "interrupted"]);
  });
});
