// Commands that change a lab, with a stand-in for `pulumi`: which calls it gets, in which order, and what the user is told.
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import type { LabPlan } from "../../../components/plan";
import type { Deployment } from "../../../scripts/cli/deployment";
import { sayOfSandbox } from "../../../scripts/cli/sandbox-move";
import { CliCheckout, MACHINES, onLab, TWIN, UNASKED } from "../../support/cli-checkout";
import { planOf as labPlanOf } from "../../support/problems";

describe("commands that change a lab", function () {
  this.timeout(60_000);
  let checkout: CliCheckout;
  beforeEach(() => {
    checkout = new CliCheckout().withStandIn();
  });
  afterEach(() => checkout.remove());

  /**
   * Runs a command on a twin with an engine that fails, and leaves an observation that disagrees with the verdict.
   * @param at when that was measured. Default: during the run.
   */
  const disagreeing = (words: string, at = new Date(Date.now() + 60_000).toISOString()) => {
    checkout.deployed("local", { resources: checkout.livingTwin() });
    const after = checkout.livingTwin({}, [], { agrees: false, disagreements: ["a > b"], at });
    checkout.tell("after", JSON.stringify({ checkpoint: { latest: { resources: after } } }));
    checkout.tell("status", "255");
    return checkout.launch(...words.split(" "));
  };

  describe("up", () => {
    it("is the default command: it creates the stack local and brings it up", async () => {
      const { status, stderr } = await checkout.launch();
      assert.equal(status, 0, stderr);
      assert.deepEqual(checkout.calls(), ["stack init local --no-select", `up ${onLab("local")} ${UNASKED}`]);
    });

    it("does not create a stack that exists", async () => {
      checkout.deployed("L12", {});
      assert.equal((await checkout.launch("up", "L12")).status, 0);
      assert.deepEqual(checkout.calls(), [`up ${onLab("L12")} ${UNASKED}`]);
    });

    it("accepts the stack after --stack too, but not two different stacks", async () => {
      checkout.deployed("L12", {});
      await checkout.launch("up", "--stack", "L12");
      assert.deepEqual(checkout.calls(), [`up ${onLab("L12")} ${UNASKED}`]);
      const { status, stderr } = await checkout.launch("up", "L11", "-s", "L12");
      assert.equal(status, 2);
      assert.match(stderr, /Which stack: L11, or L12/);
    });

    it("checks for the tools that the lab needs on this machine, before the engine starts", async () => {
      checkout.write(
        "stacks/Pulumi.c.yaml",
        "config:\n  encaplab:cloud: hosts\n  encaplab:hosts: {machines: containers}\n",
      );
      checkout.write("stacks/Pulumi.real.yaml", "config:\n  encaplab:cloud: aws\n");
      for (const stack of ["local", "c", "real"]) checkout.deployed(stack, {});
      for (const stack of ["local", "c", "real"]) await checkout.launch("up", stack, "--yes");
      assert.deepEqual(checkout.setupCalls(), ["prepare twin", "prepare containers"]);
      checkout.calls();
      checkout.tell("setup-status", "1");
      const { status, stderr } = await checkout.launch("up", "local");
      assert.equal(status, 1);
      assert.match(stderr, /^Some tools are missing, so nothing was changed\.$/m);
      assert.deepEqual(checkout.calls(), []);
    });

    it("plays a stack in node containers with --real, here and without a question, and keeps that for the lab alone", async () => {
      checkout.deployed("L12", {});
      const before = checkout.read("stacks/Pulumi.L12.yaml");
      assert.equal(
        (await checkout.launch("up", "L12", "--real", "--config", "encapsulation=VXLAN")).status,
        0,
      );
      assert.deepEqual(checkout.calls(), [`up ${onLab("L12")} ${UNASKED}`]);
      assert.deepEqual(checkout.setupCalls(), ["prepare containers"]);
      await checkout.launch("up", "L12");
      assert.deepEqual(checkout.setupCalls(), ["prepare containers"]);
      assert.equal(checkout.read("stacks/Pulumi.L12.yaml"), before);
    });

    it("asks before it builds machines that cost money: without a terminal it needs --yes", async () => {
      checkout.write("stacks/Pulumi.real.yaml", "config:\n  encaplab:cloud: aws\n");
      checkout.deployed("real", {});
      const { status, stderr } = await checkout.launch("up", "real");
      assert.equal(status, 2);
      assert.match(stderr, /changes machines that are not on this computer: confirm with --yes/);
      assert.deepEqual(checkout.calls(), []);
      assert.equal((await checkout.launch("up", "real", "--yes")).status, 0);
      assert.deepEqual(checkout.calls(), [`preview ${onLab("real")}`, `up ${onLab("real")} ${UNASKED}`]);
    });

    it("asks when a stack of machines becomes a rehearsal, which deletes the machines", async () => {
      checkout.deployed("L12", { resources: MACHINES });
      assert.equal((await checkout.launch("up", "L12")).status, 2);
      assert.deepEqual(checkout.calls(), []);
    });

    it("changes nothing when the preview fails, and returns its exit code", async () => {
      checkout.write("stacks/Pulumi.real.yaml", "config:\n  encaplab:cloud: aws\n");
      checkout.deployed("real", {});
      checkout.tell("status", "7");
      assert.equal((await checkout.launch("up", "real", "--yes")).status, 7);
      assert.deepEqual(checkout.calls(), [`preview ${onLab("real")}`]);
    });

    it("returns the engine's exit code", async () => {
      checkout.tell("status", "255");
      assert.equal((await checkout.launch("up")).status, 255);
    });

    it("fails with exit code 1 when only the observation disagrees, and says that the lab is up", async () => {
      const { status, stdout } = await disagreeing("up");
      assert.equal(status, 1);
      assert.match(stdout, /^local is up: VXLANCrossSubnet on the plain fabric, 4 nodes /m);
      assert.match(
        stdout,
        /^Predicted and observed disagree: .* `scripts\/lab up local` measures again\.\nnext: /m,
      );
    });

    it("does not say that the lab is up when the engine failed before anything was measured", async () => {
      const { status, stdout } = await disagreeing("up", "2026-01-02T03:04:05Z");
      assert.equal(status, 255);
      assert.doesNotMatch(stdout, /is up|disagree/);
    });

    it("shows the engine's message when a stack cannot be created", async () => {
      checkout.tell("refuses");
      const { status, stderr } = await checkout.launch("up");
      assert.equal(status, 1);
      assert.match(stderr, /^The engine cannot make the stack local: error: passphrase must be set$/m);
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

    it("lists the stacks when the named one does not exist, and suggests one", async () => {
      const { status, stderr } = await checkout.launch("up", "locla");
      assert.equal(status, 2);
      assert.match(
        stderr,
        /no stack "locla".*There are: local, .*L1, L2, .*L10, .*\. Did you mean local\?$/m,
      );
      assert.deepEqual(checkout.calls(), []);
    });

    it("accepts a stack's name in lower case", async () => {
      await checkout.launch("up", "l12");
      assert.deepEqual(checkout.calls(), ["stack init L12 --no-select", `up ${onLab("L12")} ${UNASKED}`]);
    });

    it("does not read secrets, hands them to the engine, and lets it check what depends on them", async () => {
      checkout.deployed("secret", {});
      const text =
        "config:\n  encaplab:cloud: twin\n  encaplab:faults:\n    secure: v1:x\nencryptionsalt: v1:theirs\n";
      checkout.write("stacks/Pulumi.secret.yaml", text);
      await checkout.launch("up", "secret");
      assert.deepEqual(checkout.calls(), [`up ${onLab("secret")} ${UNASKED}`]);
      assert.match(checkout.engineConfig(), /encaplab:faults:\n {4}secure: "v1:x"\n/);
      assert.match(checkout.engineConfig(), /^encryptionsalt: "v1:theirs"$/m);
      checkout.write(
        "stacks/Pulumi.secret.yaml",
        `${text}`.replace("twin\n", "twin\n  encaplab:fabric: awls\n"),
      );
      assert.equal((await checkout.launch("up", "secret", "--yes")).status, 0);
      assert.deepEqual(checkout.calls(), [`preview ${onLab("secret")}`, `up ${onLab("secret")} ${UNASKED}`]);
    });

    it("asks the user's own backend for the state if there is one", async () => {
      checkout.env.PULUMI_BACKEND_URL = "s3://theirs";
      await checkout.launch("up", "local");
      assert.deepEqual(checkout.calls().slice(0, 3), [
        "stack export --stack local",
        "stack init local --no-select",
        `up ${onLab("local")} ${UNASKED}`,
      ]);
    });
  });

  describe("switch", () => {
    it("starts the engine once, with the new value, and says what differs from the file", async () => {
      checkout.deployed("local", { resources: checkout.livingTwin() });
      const { status, stdout } = await checkout.launch("switch", "vxlan");
      assert.equal(status, 0);
      assert.deepEqual(checkout.calls(), [`up ${onLab("local")} ${UNASKED}`]);
      assert.match(checkout.engineConfig(), /^ {2}encaplab:encapsulation: "VXLAN"$/m);
      assert.match(stdout, /^local runs VXLAN \(\d+\.\d s\)\.$/m);
      assert.match(
        stdout,
        /^changed for this lab: encapsulation VXLAN \(file: VXLANCrossSubnet\); `scripts\/lab reset local` returns to the file$/m,
      );
    });

    it("shows the paths that changed, before and after, in at most 80 columns", async () => {
      const row = (more: object) => ({
        path: "same-subnet",
        outcome: "works",
        observed: "works",
        working: 8,
        pairs: 8,
        ...more,
      });
      const rows = (carrier: string) =>
        ["ICMP", "TCP", "full-MTU"].flatMap((probe) => [
          row({ probe, carrier }),
          row({ probe, carrier: "inside the node", path: "same-node" }),
        ]);
      checkout.deployed("local", { resources: checkout.livingTwin({}, rows("direct")) });
      const after = checkout.livingTwin({ encapsulation: "VXLAN" }, rows("vxlan.calico, UDP 4789"));
      checkout.tell("after", JSON.stringify({ checkpoint: { latest: { resources: after } } }));
      delete checkout.env.COLUMNS;
      const { stdout } = await checkout.launch("switch", "VXLAN");
      assert.match(stdout, /^PATH +BEFORE +AFTER$/m);
      assert.match(stdout, /^same-subnet +works: direct +works: vxlan\.calico, UDP 4789$/m);
      assert.match(stdout, /^unchanged: same-node$/m);
      assert.match(stdout, /^Predicted and observed agree on every pair\.$/m);
      for (const line of stdout.split("\n")) assert.ok(line.length <= 80, line);
    });

    it("says which paths it would cut off, and does it only with --yes", async () => {
      checkout.deployed("local", { resources: checkout.livingTwin() });
      const refused = await checkout.launch("switch", "None");
      assert.deepEqual([refused.status, checkout.calls()], [2, []]);
      assert.match(
        refused.stderr,
        /^None will cut off paths that work now:\ncross-subnet.* fail, the first of them at[\s\S]*\n {2}fix: [\s\S]*This switch cuts paths off: confirm with --yes, or run it on a terminal\.$/m,
      );
      const { status, stderr } = await checkout.launch("switch", "None", "--yes");
      assert.deepEqual([status, checkout.calls()], [0, [`up ${onLab("local")} ${UNASKED}`]]);
      assert.match(stderr, /^None will cut off paths/);
    });

    it("says whether a twin stays in its QEMU machine, or must move into one", async () => {
      const resources = checkout.livingTwin();
      checkout.deployed("local", { resources });
      const choose = () => ({ kind: "machine" as const, why: "this kernel has no ipip driver loaded" });
      const said = (wanted: LabPlan) => sayOfSandbox({ resources } as Deployment, wanted, choose);
      assert.match(
        said(labPlanOf({ encapsulation: "IPIP" })) ?? "",
        /must move, so .* built anew: this kernel has no ipip/,
      );
      assert.equal(said(labPlanOf({ cloud: "aws" })), undefined);
      const record = path.join(checkout.root, "twin/sandbox.json");
      fs.writeFileSync(record, fs.readFileSync(record, "utf8").replace("namespaces", "machine"));
      assert.equal(said(labPlanOf({ encapsulation: "IPIP" })), undefined);
      const { stderr } = await checkout.launch("switch", "VXLAN");
      assert.match(stderr, /^The twin stays in its QEMU machine, so nothing is rebuilt\. /m);
    });

    it("fails with exit code 1 when only the observation disagrees, and shows what was switched", async () => {
      const { status, stdout } = await disagreeing("switch VXLAN");
      assert.equal(status, 1);
      assert.match(
        stdout,
        /^Predicted and observed disagree: .*\nlocal runs VXLAN .*\nchanged for this lab: encapsulation VXLAN /m,
      );
      const failed = await disagreeing("switch VXLAN", "2026-01-02T03:04:05Z");
      assert.equal(failed.status, 255);
      assert.doesNotMatch(failed.stdout, /runs VXLAN/);
    });

    it("refuses an encapsulation that the rest of the config does not allow, before the engine starts", async () => {
      checkout.write("stacks/Pulumi.quiet.yaml", "config:\n  encaplab:bgp: Disabled\n");
      checkout.deployed("quiet", { resources: checkout.livingTwin() });
      const { status, stderr } = await checkout.launch("switch", "IPIP");
      assert.equal(status, 2);
      assert.match(stderr, /Pulumi.quiet.yaml: The stack's config cannot be used:\n.*encaplab:bgp/);
      assert.deepEqual(checkout.calls(), []);
      assert.ok(!fs.existsSync(checkout.overlay("quiet")));
    });

    it("does not build a lab that is down, and says how to", async () => {
      const none = await checkout.launch("switch", "VXLAN");
      assert.equal(none.status, 2);
      assert.match(
        none.stderr,
        /^No lab is up\. .*`scripts\/lab up local --config encapsulation=VXLAN` builds one/,
      );
      checkout.deployed("L9", {});
      const empty = await checkout.launch("switch", "VXLAN", "-s", "L9");
      assert.equal(empty.status, 2);
      assert.match(empty.stderr, /^The lab L9 is not up\. .*up L9 --config encapsulation=VXLAN` builds one/);
      checkout.deployed("L9", { resources: TWIN });
      assert.equal(
        (await checkout.launch("switch", "VXLAN", "-s", "L9")).status,
        2,
        "its processes are gone",
      );
      assert.deepEqual(checkout.calls(), []);
    });
  });

  describe("down", () => {
    it("destroys the lab, says so in a line, and gives none of the engine's advice", async () => {
      checkout.deployed("local", { resources: TWIN });
      const { status, stdout, stderr } = await checkout.launch("down");
      assert.equal(status, 0);
      assert.deepEqual(checkout.calls(), [`destroy ${onLab("local")} ${UNASKED}`]);
      assert.equal(stdout, "");
      assert.match(stderr, /^local is down \(\d+\.\d s\)\.\n$/);
    });

    it("forgets what was changed for the lab, but not if the destroy failed", async () => {
      checkout.deployed("L9", { resources: checkout.livingTwin() });
      await checkout.launch("up", "L9", "--config", "encapsulation=VXLAN");
      checkout.tell("status", "1");
      assert.equal((await checkout.launch("down", "L9")).status, 1);
      assert.ok(fs.existsSync(checkout.overlay("L9")));
      fs.rmSync(path.join(checkout.root, "status"));
      await checkout.launch("up", "L9");
      assert.equal((await checkout.launch("down", "L9")).status, 0);
      assert.ok(!fs.existsSync(checkout.overlay("L9")));
    });

    it("asks before it deletes machines: without a terminal it needs --yes", async () => {
      checkout.deployed("L12", { resources: MACHINES });
      assert.equal((await checkout.launch("down", "L12")).status, 2);
      assert.deepEqual(checkout.calls(), []);
      assert.equal((await checkout.launch("down", "L12", "-y")).status, 0);
      assert.deepEqual(checkout.calls(), [
        `destroy --preview-only ${onLab("L12")}`,
        `destroy ${onLab("L12")} ${UNASKED}`,
      ]);
    });

    it("takes down a lab whose stack has no file any more", async () => {
      checkout.deployed("gone", { resources: TWIN });
      assert.equal((await checkout.launch("down", "gone")).status, 0);
      assert.deepEqual(checkout.calls(), [`destroy ${onLab("gone")} ${UNASKED}`]);
    });

    it("does nothing where nothing is up, and refuses a stack that does not exist", async () => {
      checkout.deployed("local", {});
      for (const words of [["down"], ["down", "local"], ["down", "L12"]]) {
        const { status, stderr } = await checkout.launch(...words);
        assert.equal(status, 0);
        assert.match(stderr, /^Nothing to take down: /);
      }
      const { status, stderr } = await checkout.launch("down", "L99");
      assert.equal(status, 2);
      assert.match(stderr, /There is no stack "L99"/);
      assert.deepEqual(checkout.calls(), []);
    });
  });
});
