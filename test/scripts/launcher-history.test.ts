// `lab status` and `lab kubeconfig` after a run that failed, was killed or is still at work: outputs from before prove nothing.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { gzipSync } from "node:zlib";
import { parseStackConfig } from "../../components/config";
import { machineBoot, startTime } from "../../components/infrastructure/twin/realm/process";
import { planLab } from "../../components/plan";
import { Checkout, PART } from "../support/checkout";

const KUBECONFIG = "apiVersion: v1\nkind: Config";
const outputs = {
  encapsulation: "IPIP",
  faults: [],
  nodes: [
    { name: "cp1", role: "control-plane", subnet: "a", address: "10.0.3.10", ssh: "ssh root@192.0.2.7" },
  ],
  kubeconfig: { secret: true },
};
const stackWith = (more: object) => [
  { type: "pulumi:pulumi:Stack", ...more },
  { type: "aws:ec2/instance:Instance" },
];
const CLUSTER = stackWith({ outputs });
/** As `stack export --show-secrets` writes it. */
const command = (name: string, stdout: string, more: object = {}) => ({
  type: "command:remote:Command",
  urn: `urn:pulumi:c::encaplab::encaplab:cluster:Cluster$command:remote:Command::${name}`,
  outputs: { stdout: { "4dabf18193072939515e22adb298388d": "1b47", plaintext: JSON.stringify(stdout) } },
  ...more,
});

describe("the launcher after a run that did not succeed", function () {
  this.timeout(60_000);
  let checkout: Checkout;
  beforeEach(() => {
    checkout = new Checkout().withStandIn();
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
    it("does not say that a cluster is up when the last up failed, and names the way out", async () => {
      checkout.deployed("L5", { resources: CLUSTER });
      ran("L5", 1, succeeded("update"));
      ran("L5", 2, failed("update"));
      const shown = await status("L5");
      assert.match(
        shown,
        /^L5 may be incomplete: its last `up` failed or was interrupted\. `npm run lab -- up L5` goes on from there\.\nWhat is recorded of it: a cluster of 1 machines\.\n/,
      );
      assert.doesNotMatch(shown, /is up/);
      assert.match(shown, /cp1 +10\.0\.3\.10/);
      assert.match(shown, /^next: npm run lab -- up L5 · /m);
    });

    it("says that a cluster is up when the last up succeeded, whatever failed before it", async () => {
      checkout.deployed("L5", { resources: CLUSTER });
      ran("L5", 9, failed("update"));
      ran("L5", 10, succeeded("update"), true);
      assert.match(await status("L5"), /^L5 is up, a cluster of 1 machines\.$/m);
    });

    it("takes no refresh for an up: a failed up before one still counts", async () => {
      checkout.deployed("L5", { resources: CLUSTER });
      ran("L5", 1, failed("update"));
      ran("L5", 2, succeeded("refresh"));
      assert.match(await status("L5"), /its last `up` failed/);
    });

    it("says that a destroy failed, and both ways out", async () => {
      checkout.deployed("L5", { resources: CLUSTER });
      ran("L5", 1, failed("destroy"));
      assert.match(
        await status("L5"),
        /^L5 may be incomplete: its last `destroy` failed or was interrupted\. `npm run lab -- down L5` goes on, `npm run lab -- up L5` builds it again\.$/m,
      );
    });

    it("reads past a record that is half written", async () => {
      checkout.deployed("L5", { resources: CLUSTER });
      ran("L5", 1, failed("update"));
      fs.writeFileSync(path.join(history("L5"), "L5-2.history.json"), '{"kind":"upd');
      assert.match(await status("L5"), /its last `up` failed/);
    });

    it("says the same of a twin, whose observation is from before", async () => {
      const folder = path.join(checkout.root, "twin");
      fs.mkdirSync(folder);
      const { pid } = process;
      const record = { kind: "namespaces", bootId: "1", pid, ready: true };
      const alive = { startTime: startTime(pid), machineBoot: machineBoot() };
      fs.writeFileSync(path.join(folder, "realm.json"), JSON.stringify({ ...record, ...alive }));
      const plan = JSON.parse(JSON.stringify(planLab(parseStackConfig({}))));
      checkout.deployed("local", {
        resources: [
          { type: `${PART}Place`, outputs: { folder } },
          { type: `${PART}Observation`, outputs: { plan, observation: { agrees: true } } },
        ],
      });
      ran("local", 1, succeeded("update"));
      assert.match(await status("local"), /^local is up, on the twin, in namespaces of this machine\.$/m);
      ran("local", 2, failed("update"));
      const shown = await status("local");
      assert.match(shown, /^local may be incomplete: its last `up` failed/);
      assert.match(shown, /^What is recorded of it: on the twin, in namespaces/m);
      assert.match(shown, /as predicted, every pair \(at the last `up` that came so far\)/);
      assert.doesNotMatch(shown, /local is up/);
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

    it("says that a run was killed, by the lock it left", async () => {
      checkout.deployed("L5", { resources: CLUSTER });
      ran("L5", 1, succeeded("update"));
      checkout.lock("L5", lock());
      assert.match(
        await status("L5"),
        /^L5 may be incomplete: its last run was killed\. `npm run lab -- up L5` goes on, `npm run lab -- down L5` takes/,
      );
    });

    it("says that a run was killed, by work begun after the last record, though the lock is lifted", async () => {
      const pending_operations = [{ type: "creating", resource: { type: "aws:ec2/instance:Instance" } }];
      const state = { resources: CLUSTER, pending_operations };
      ran("L5", 1, succeeded("update"));
      checkout.deployed("L5", { ...state, manifest: { time: new Date(1_700_000_060_000).toISOString() } });
      assert.match(await status("L5"), /its last run was killed/);
      // Written by the run that the record is of: the engine keeps such operations until a refresh.
      checkout.deployed("L5", { ...state, manifest: { time: new Date(1_700_000_000_500).toISOString() } });
      assert.match(await status("L5"), /^L5 is up/);
    });

    it("says that a run is at work right now", async () => {
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

    it("asks a backend of the user's own for the history", async () => {
      checkout.env.PULUMI_BACKEND_URL = "s3://theirs";
      checkout.deployed("L5", { resources: CLUSTER });
      const pulumi = path.join(checkout.root, "bin/pulumi");
      const standIn = fs.readFileSync(pulumi, "utf8");
      for (const [records, shown] of [
        [
          '[{"kind":"refresh","result":"succeeded"},{"kind":"update","result":"failed"}]',
          /its last `up` failed/,
        ],
        ['[{"kind":"update","result":"in-progress"}]', /is being changed right now/],
        ['[{"kind":"update","result":"succeeded"}]', /^L5 is up/],
        ["[]", /^L5 is up/],
      ] as const) {
        const answer = `case "$1 $2" in "stack history") echo '${records}' ;; esac`;
        fs.writeFileSync(pulumi, standIn.replace("state=", `${answer}\nstate=`));
        assert.match(await status("L5"), shown);
        assert.deepEqual(checkout.calls(), [
          "stack export --stack L5",
          "stack history --json --page-size 20 --stack L5",
        ]);
      }
    });
  });

  describe("kubeconfig", () => {
    const print = () => checkout.launch("kubeconfig", "c");

    it("is printed from the step that read it while the up has not ended, and says so on standard error", async () => {
      checkout.deployed("c", { resources: [...stackWith({}), command("kubeconfig-cp1", KUBECONFIG)] });
      const { status: code, stdout, stderr } = await print();
      assert.deepEqual([code, stdout], [0, `${KUBECONFIG}\n`]);
      assert.match(
        stderr,
        /^The last `up` of the lab c has not come to its end: the cluster may be incomplete/,
      );
      assert.deepEqual(checkout.calls(), ["stack export --show-secrets --stack c"]);
    });

    it("says that a run is at work while its lock lives", async () => {
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

    it("is that of the newest control plane after an up that failed, not the stack's old output", async () => {
      const old = command("kubeconfig-cp1", "old", { delete: true });
      checkout.deployed("c", { resources: [...CLUSTER, old, command("kubeconfig-cp1", KUBECONFIG)] });
      ran("c", 1, failed("update"));
      const { stdout, stderr } = await print();
      assert.equal(stdout, `${KUBECONFIG}\n`);
      assert.match(stderr, /has not come to its end/);
    });

    it("is all that is printed after an up that succeeded", async () => {
      checkout.deployed("c", { resources: [...CLUSTER, command("kubeconfig-cp1", `${KUBECONFIG}\n`)] });
      ran("c", 1, succeeded("update"));
      const { status: code, stdout, stderr } = await print();
      assert.deepEqual([code, stdout, stderr], [0, `${KUBECONFIG}\n`, ""]);
    });

    it("is not there before the control plane is, nor on a twin, and no other step's answer is taken for it", async () => {
      const others = [command("init-cp1", "sha256:00"), { type: `${PART}Place`, outputs: {} }];
      checkout.deployed("c", { resources: [...stackWith({}), ...others] });
      const { status: code, stdout, stderr } = await print();
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(
        stderr,
        /^The lab c has no kubeconfig: a twin has no cluster, and an `up` that has not made/,
      );
      assert.deepEqual(checkout.calls(), [], "no engine is started for that");
    });
  });
});
