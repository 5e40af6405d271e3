// `status` and `kubeconfig` after a run that failed, was killed or still runs: older outputs prove nothing.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { gzipSync } from "node:zlib";
import { DYNAMIC_TYPE, REMOTE_COMMAND_TYPE, STACK_TYPE } from "../../../components/remote/types";
import { CliCheckout } from "../../support/cli-checkout";

const KUBECONFIG = "apiVersion: v1\nkind: Config";
const outputs = {
  encapsulation: "IPIP",
  faults: [],
  nodes: [
    { name: "cp1", role: "control-plane", subnet: "a", address: "10.0.3.10", ssh: "ssh root@192.0.2.7" },
  ],
  kubeconfig: { secret: true },
};
const stackWith = (more: object) => [{ type: STACK_TYPE, ...more }, { type: "aws:ec2/instance:Instance" }];
const CLUSTER = stackWith({ outputs });
/** As `stack export --show-secrets` writes it. */
const command = (name: string, stdout: string, more: object = {}) => ({
  type: REMOTE_COMMAND_TYPE,
  urn: `urn:pulumi:c::encaplab::encaplab:cluster:Cluster$command:remote:Command::${name}`,
  outputs: { stdout: { "4dabf18193072939515e22adb298388d": "1b47", plaintext: JSON.stringify(stdout) } },
  ...more,
});

describe("a lab after a run that did not succeed", function () {
  this.timeout(60_000);
  let checkout: CliCheckout;
  beforeEach(() => {
    checkout = new CliCheckout().withStandIn();
  });
  afterEach(() => checkout.remove());

  const history = (stack: string) => path.join(checkout.state, ".pulumi/history/encaplab", stack);
  /** A run that the engine recorded; the later one has the larger number. */
  const ran = (stack: string, time: number, record: object, zipped = false) => {
    const text = JSON.stringify({ startTime: 1, endTime: 1_700_000_000, ...record });
    fs.mkdirSync(history(stack), { recursive: true });
    const file = path.join(history(stack), `${stack}-${time}.history.json${zipped ? ".gz" : ""}`);
    fs.writeFileSync(file, zipped ? gzipSync(text) : text);
    fs.writeFileSync(file.replace(".history.json", ".checkpoint.json"), "{}");
  };
  const failed = (kind: string) => ({ kind, result: "failed" });
  const succeeded = (kind: string) => ({ kind, result: "succeeded" });
  const status = async (stack: string) => (await checkout.launch("status", stack)).stdout;

  describe("status", () => {
    it("does not say that a cluster is up when the last up failed, and says what to do", async () => {
      checkout.deployed("L5", { resources: CLUSTER });
      ran("L5", 1, succeeded("update"));
      ran("L5", 2, failed("update"));
      const shown = await status("L5");
      assert.match(
        shown,
        /^L5 may be incomplete: its last `up` failed or was interrupted\. `scripts\/lab up L5` goes on from there\.\nIts recorded state: a cluster of 1 machines\.\n/,
      );
      assert.doesNotMatch(shown, /is up/);
      assert.match(shown, /cp1 +10\.0\.3\.10/);
      assert.match(shown, /^next: scripts\/lab up · /m);
    });

    it("says that a cluster is up when the last up succeeded, whatever failed before", async () => {
      checkout.deployed("L5", { resources: CLUSTER });
      ran("L5", 9, failed("update"));
      ran("L5", 10, succeeded("update"), true);
      assert.match(await status("L5"), /^L5 is up, a cluster of 1 machines\.$/m);
    });

    it("ignores a refresh: a failed up before it still counts", async () => {
      checkout.deployed("L5", { resources: CLUSTER });
      ran("L5", 1, failed("update"));
      ran("L5", 2, succeeded("refresh"));
      assert.match(await status("L5"), /its last `up` failed/);
    });

    it("says that a destroy failed, and how to go on in both directions", async () => {
      checkout.deployed("L5", { resources: CLUSTER });
      ran("L5", 1, failed("destroy"));
      assert.match(
        await status("L5"),
        /^L5 may be incomplete: its last `destroy` failed or was interrupted\. `scripts\/lab down L5` goes on, `scripts\/lab up L5` builds it again\.$/m,
      );
    });

    it("skips a record that is half written", async () => {
      checkout.deployed("L5", { resources: CLUSTER });
      ran("L5", 1, failed("update"));
      fs.writeFileSync(path.join(history("L5"), "L5-2.history.json"), '{"kind":"upd');
      assert.match(await status("L5"), /its last `up` failed/);
    });

    it("does not say that a twin is up when the last up failed, because its observation is older", async () => {
      checkout.deployed("local", { resources: checkout.livingTwin() });
      ran("local", 1, succeeded("update"));
      assert.match(await status("local"), /^local is up, on the twin, in namespaces of this machine\.$/m);
      ran("local", 2, failed("update"));
      const shown = await status("local");
      assert.match(shown, /^local may be incomplete: its last `up` failed/);
      assert.match(shown, /^Its recorded state: on the twin, in namespaces/m);
      assert.match(shown, /as predicted, every pair \(at the last `up` that got that far\)/);
      assert.doesNotMatch(shown, /local is up/);
    });

    it("says that a twin is up, not as predicted, when the last up failed by its observation alone", async () => {
      const seen = { agrees: false, disagreements: ["a > b"], at: new Date().toISOString() };
      checkout.deployed("local", { resources: checkout.livingTwin({}, [], seen) });
      ran("local", 1, { ...failed("update"), startTime: Math.floor(Date.now() / 1000) - 9 });
      const shown = await status("local");
      assert.match(shown, /^local is up, on the twin, in namespaces of this machine\.$/m);
      assert.match(shown, /observed +NOT as predicted: 1 differences/);
      ran("local", 2, { ...failed("update"), startTime: Math.floor(Date.now() / 1000) + 9 });
      assert.match(await status("local"), /^local may be incomplete: its last `up` failed/);
    });

    it("says that a lab is down and that its up failed, when nothing was built", async () => {
      checkout.deployed("L5", {});
      ran("L5", 1, failed("update"));
      assert.match(await status("L5"), /^L5 is down; its last `up` failed\.\nnext: .*up L5/);
      ran("L5", 2, succeeded("destroy"));
      assert.match(await status("L5"), /^L5 is down\.\n/);
    });

    const lock = (more: object = {}) => ({
      pid: spawnSync("true").pid,
      username: "ann",
      hostname: os.hostname(),
      timestamp: "2026-01-02T03:04:05Z",
      ...more,
    });

    it("says that a run was killed when it left its lock", async () => {
      checkout.deployed("L5", { resources: CLUSTER });
      ran("L5", 1, succeeded("update"));
      checkout.lock("L5", lock());
      assert.match(
        await status("L5"),
        /^L5 may be incomplete: its last run was killed\. `scripts\/lab up L5` goes on, `scripts\/lab down L5` takes/,
      );
    });

    it("says that a run was killed when it left work undone after the last record, even without a lock", async () => {
      const pending_operations = [{ type: "creating", resource: { type: "aws:ec2/instance:Instance" } }];
      const state = { resources: CLUSTER, pending_operations };
      ran("L5", 1, succeeded("update"));
      checkout.deployed("L5", { ...state, manifest: { time: new Date(1_700_000_060_000).toISOString() } });
      assert.match(await status("L5"), /its last run was killed/);
      // Written by the run of the last record: the engine keeps such operations until a refresh.
      checkout.deployed("L5", { ...state, manifest: { time: new Date(1_700_000_000_500).toISOString() } });
      assert.match(await status("L5"), /^L5 is up/);
    });

    it("says that a run is changing the lab right now", async () => {
      const living = path.join(checkout.root, "pulumi-that-lives");
      fs.copyFileSync("/bin/sleep", living);
      fs.chmodSync(living, 0o755);
      const child = spawn(living, ["60"]);
      try {
        checkout.lock("L5", lock({ pid: child.pid }));
        checkout.deployed("L5", { resources: CLUSTER });
        assert.match(
          await status("L5"),
          /^L5 is being changed right now, and what is shown here may be incomplete/,
        );
        checkout.deployed("L5", {});
        assert.match(await status("L5"), /^L5 is being changed right now/);
      } finally {
        child.kill();
      }
    });

    it("asks the user's own backend for the history", async () => {
      checkout.env.PULUMI_BACKEND_URL = "s3://theirs";
      checkout.deployed("L5", { resources: CLUSTER });
      for (const [records, shown] of [
        [
          '[{"kind":"refresh","result":"succeeded"},{"kind":"update","result":"failed"}]',
          /its last `up` failed/,
        ],
        ['[{"kind":"update","result":"in-progress"}]', /is being changed right now/],
        ['[{"kind":"update","result":"succeeded"}]', /^L5 is up/],
        ["[]", /^L5 is up/],
      ] as const) {
        checkout.tell("history", records);
        assert.match(await status("L5"), shown);
        assert.ok(checkout.calls().includes("stack history --json --page-size 20 --stack L5"));
      }
    });
  });

  describe("kubeconfig", () => {
    const print = () => checkout.launch("kubeconfig", "c");

    it("is printed from the step that read it before the up has finished, with a warning on standard error", async () => {
      checkout.deployed("c", { resources: [...stackWith({}), command("kubeconfig-cp1", KUBECONFIG)] });
      const { status: code, stdout, stderr } = await print();
      assert.deepEqual([code, stdout], [0, `${KUBECONFIG}\n`]);
      assert.match(stderr, /^The last `up` of the lab c did not finish: the cluster may be incomplete/);
      assert.deepEqual(checkout.calls(), ["stack export --show-secrets --stack c"]);
    });

    it("comes with a warning while another run has the lock", async () => {
      checkout.deployed("c", { resources: [...stackWith({}), command("kubeconfig-cp1", KUBECONFIG)] });
      checkout.lock("c", {
        pid: 1,
        username: "ann",
        hostname: "elsewhere",
        timestamp: "2026-01-02T03:04:05Z",
      });
      const { stdout, stderr } = await print();
      assert.equal(stdout, `${KUBECONFIG}\n`);
      assert.match(stderr, /is being changed right now and its `up` has not ended/);
    });

    it("is that of the newest control plane after a failed up, not the stack's old output", async () => {
      const old = command("kubeconfig-cp1", "old", { delete: true });
      checkout.deployed("c", { resources: [...CLUSTER, old, command("kubeconfig-cp1", KUBECONFIG)] });
      ran("c", 1, failed("update"));
      const { stdout, stderr } = await print();
      assert.equal(stdout, `${KUBECONFIG}\n`);
      assert.match(stderr, /did not finish/);
    });

    it("is printed without a warning after an up that succeeded", async () => {
      checkout.deployed("c", { resources: [...CLUSTER, command("kubeconfig-cp1", `${KUBECONFIG}\n`)] });
      ran("c", 1, succeeded("update"));
      const { status: code, stdout, stderr } = await print();
      assert.deepEqual([code, stdout, stderr], [0, `${KUBECONFIG}\n`, ""]);
    });

    it("does not exist before the control plane, nor on a twin, and is not mistaken for another step's output", async () => {
      const others = [command("init-cp1", "sha256:00"), { type: `${DYNAMIC_TYPE}TwinFolder`, outputs: {} }];
      checkout.deployed("c", { resources: [...stackWith({}), ...others] });
      const { status: code, stdout, stderr } = await print();
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(
        stderr,
        /^The lab c has no kubeconfig: it is a twin, which has no cluster, or `up` has not made/,
      );
      assert.deepEqual(checkout.calls(), [], "no engine is started for that");
    });
  });
});
