// The launcher's commands with a stand-in for `pulumi`: which calls it gets, in which order, and what the user is told.
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { Checkout, TWIN, UNASKED } from "../../support/checkout";

const MACHINES = [{ type: "pulumi:pulumi:Stack" }, { type: "aws:ec2/instance:Instance" }];

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
    it("is the default command: it creates the stack local and brings it up", async () => {
      const { status, stderr } = await checkout.launch();
      assert.equal(status, 0, stderr);
      assert.deepEqual(checkout.calls(), ["stack init local --no-select", `up --stack local ${UNASKED}`]);
    });

    it("does not create a stack that exists", async () => {
      checkout.deployed("L12", {});
      assert.equal((await checkout.launch("up", "L12")).status, 0);
      assert.deepEqual(checkout.calls(), [`up --stack L12 ${UNASKED}`]);
    });

    it("accepts the stack after --stack too, but not two different stacks", async () => {
      checkout.deployed("L12", {});
      await checkout.launch("up", "--stack", "L12");
      assert.deepEqual(checkout.calls(), [`up --stack L12 ${UNASKED}`]);
      const { status, stderr } = await checkout.launch("up", "L11", "-s", "L12");
      assert.equal(status, 2);
      assert.match(stderr, /Which stack: L11, or L12/);
    });

    it("lets the engine ask before it builds machines that cost money, except with --yes", async () => {
      checkout.write("stacks/Pulumi.real.yaml", "config:\n  encaplab:cloud: aws\n");
      checkout.deployed("real", {});
      await checkout.launch("up", "real");
      await checkout.launch("up", "real", "--yes");
      assert.deepEqual(checkout.calls(), ["up --stack real", "up --stack real --yes"]);
    });

    it("lets the engine ask when a stack of machines becomes a rehearsal, which deletes the machines", async () => {
      checkout.deployed("L12", { resources: MACHINES });
      await checkout.launch("up", "L12");
      assert.deepEqual(checkout.calls(), ["up --stack L12"]);
    });

    it("returns the engine's exit code", async () => {
      fake("status", "255");
      assert.equal((await checkout.launch("up")).status, 255);
    });

    it("shows the engine's message when a stack cannot be created", async () => {
      fake("refuses");
      const { status, stderr } = await checkout.launch("up");
      assert.equal(status, 1);
      assert.match(
        stderr,
        /`pulumi stack init local --no-select` failed with exit code 255:\nerror: passphrase/,
      );
      assert.doesNotMatch(stderr, /\n {4}at /);
    });

    it("says at once that a config cannot be used, in plain sentences, and does not start the engine", async () => {
      checkout.write(
        "stacks/Pulumi.local.yaml",
        "config:\n  encaplab:encapsulation: IPPI\n  encaplab:mtoo: 1\n",
      );
      const { status, stderr } = await checkout.launch("up");
      assert.equal(status, 2);
      assert.match(stderr, /^stacks\/Pulumi.local.yaml: The stack's config cannot be used:\n/);
      assert.match(stderr, /encaplab:encapsulation is "IPPI": must be one of IPIP, /);
      assert.match(stderr, /encaplab:mtoo is 1: there is no such key/);
      assert.doesNotMatch(stderr, /\n {4}at /);
      assert.deepEqual(checkout.calls(), []);
    });

    it("lists the stacks when the named one does not exist", async () => {
      const { status, stderr } = await checkout.launch("up", "locla");
      assert.equal(status, 2);
      assert.match(stderr, /no stack "locla".*There are: local, .*L1, L2, .*L10, L11, L12.*\.$/m);
      assert.deepEqual(checkout.calls(), []);
    });

    it("does not read secrets, and lets the engine check what depends on them", async () => {
      checkout.deployed("secret", {});
      const text = "config:\n  encaplab:cloud: twin\n  encaplab:faults:\n    secure: v1:x\n";
      checkout.write("stacks/Pulumi.secret.yaml", text);
      await checkout.launch("up", "secret");
      checkout.write("stacks/Pulumi.secret.yaml", `${text}  encaplab:fabric: awls\n`);
      await checkout.launch("up", "secret");
      assert.deepEqual(checkout.calls(), [`up --stack secret ${UNASKED}`, "up --stack secret"]);
    });

    it("asks the user's own backend for the state if there is one", async () => {
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
    it("starts the engine once, which saves the value, and says how long it took", async () => {
      checkout.deployed("local", { resources: TWIN });
      const { status, stderr } = await checkout.launch("switch", "VXLAN");
      assert.equal(status, 0);
      assert.deepEqual(checkout.calls(), [`up --stack local ${UNASKED} --config encapsulation=VXLAN`]);
      assert.match(stderr, /^local runs VXLAN \(\d+\.\d s\)\.$/m);
    });

    it("refuses an encapsulation that the rest of the config does not allow, before it writes anything", async () => {
      checkout.write("stacks/Pulumi.quiet.yaml", "config:\n  encaplab:bgp: Disabled\n");
      const before = local();
      for (const [argv, why] of [
        [["vxlan"], /encaplab:encapsulation is "vxlan": must be one of/],
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
    it("destroys the lab and leaves the stack's file byte for byte as it was", async () => {
      const before = local();
      await checkout.launch("up");
      assert.match(local(), /encryptionsalt/);
      checkout.deployed("local", { resources: TWIN });
      checkout.calls();
      assert.equal((await checkout.launch("down")).status, 0);
      assert.deepEqual(checkout.calls(), [`destroy --stack local ${UNASKED}`]);
      assert.equal(local(), before);
    });

    it("keeps the salt where secrets need it, and where the destroy failed", async () => {
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

    it("lets the engine ask before it deletes machines", async () => {
      checkout.deployed("L12", { resources: MACHINES });
      await checkout.launch("down", "L12");
      assert.deepEqual(checkout.calls(), ["destroy --stack L12"]);
    });

    it("does nothing where nothing is up, also for an unknown stack", async () => {
      checkout.deployed("local", {});
      for (const stack of ["local", "L12", "never-heard-of"]) {
        const { status, stderr } = await checkout.launch("down", stack);
        assert.equal(status, 0);
        assert.match(stderr, /Nothing to take down/);
      }
      assert.deepEqual(checkout.calls(), []);
    });
  });
});
