// Commands after runs that were killed, and when they are interrupted themselves, with a stand-in for `pulumi`.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { DYNAMIC_TYPE } from "../../../components/remote/types";
import { CliCheckout, onLab, TWIN, UNASKED } from "../../support/cli-checkout";

/** The PID of a process that has just ended. */
const deadPid = () => spawnSync("true").pid;

describe("commands and other runs", function () {
  this.timeout(60_000);
  let checkout: CliCheckout;
  beforeEach(() => {
    checkout = new CliCheckout().withStandIn();
  });
  afterEach(() => checkout.remove());

  describe("after a run that was killed", () => {
    const lock = (more: object = {}) => ({
      pid: deadPid(),
      username: "ann",
      hostname: os.hostname(),
      timestamp: "2026-01-02T03:04:05Z",
      ...more,
    });

    for (const word of [
      ["up", "local"],
      ["switch", "VXLAN", "-s", "local"],
      ["down", "local"],
    ]) {
      it(`lifts the lock before ${word[0]}, and says so`, async () => {
        checkout.deployed("local", { resources: checkout.livingTwin() });
        checkout.lock("local", lock());
        const { status, stderr } = await checkout.launch(...word);
        assert.equal(status, 0);
        assert.match(stderr, /An earlier run \(process \d+\) was killed.*the lock is lifted\.$/m);
        assert.equal(checkout.calls()[0], "cancel --stack local --yes");
      });
    }

    it("respects the lock of a run that is alive, or may be alive on another machine", async () => {
      const living = path.join(checkout.root, "pulumi-that-lives");
      fs.copyFileSync("/bin/sleep", living);
      fs.chmodSync(living, 0o755);
      const child = spawn(living, ["60"]);
      try {
        checkout.lock("local", lock({ pid: child.pid }));
        const here = await checkout.launch("up", "local");
        assert.equal(here.status, 1);
        assert.match(here.stderr, new RegExp(`being changed right now, by process ${child.pid} of ann`));
      } finally {
        child.kill();
      }
      checkout.lock("local", lock({ hostname: "elsewhere" }));
      const elsewhere = await checkout.launch("down", "local");
      assert.equal(elsewhere.status, 1);
      assert.match(elsewhere.stderr, /on elsewhere.*pulumi cancel --stack local/);
      assert.deepEqual(checkout.calls(), []);
    });

    it("lifts a lock whose PID now belongs to another program", async () => {
      checkout.deployed("local", {});
      checkout.lock("local", lock({ pid: process.pid }));
      assert.equal((await checkout.launch("up", "local")).status, 0);
    });

    it("removes the twin's pending operations from the state, and no others", async () => {
      const operation = (type: string) => ({ type: "creating", resource: { type } });
      const cloud = operation("aws:ec2/instance:Instance");
      checkout.deployed("local", {
        resources: TWIN,
        pending_operations: [operation(`${DYNAMIC_TYPE}Node`), cloud],
      });
      await checkout.launch("up", "local");
      assert.deepEqual(checkout.calls(), [
        "stack export --stack local",
        "stack import --stack local",
        `up ${onLab("local")} ${UNASKED}`,
      ]);
      const imported = JSON.parse(fs.readFileSync(path.join(checkout.root, "imported"), "utf8"));
      assert.deepEqual(imported.deployment.pending_operations, [cloud]);
      assert.deepEqual(imported.deployment.resources, TWIN);
    });
  });

  it("passes an interruption to the engine once, waits for it, and returns its exit code", async () => {
    checkout.deployed("local", {});
    checkout.tell("waits");
    checkout.tell("status", "9");
    let sent = false;
    const argv = ["scripts/lab.cjs", "up"];
    const result = await checkout.start("node", argv, (shown, pid) => {
      if (sent || !shown.includes("ready")) return;
      sent = true;
      for (const signal of ["SIGINT", "SIGTERM", "SIGINT"] as const) process.kill(pid, signal);
      setTimeout(() => checkout.tell("done"), 300);
    });
    assert.equal(result.status, 9);
    assert.deepEqual(checkout.calls(), [`up ${onLab("local")} ${UNASKED}`, "interrupted"]);
  });
});
