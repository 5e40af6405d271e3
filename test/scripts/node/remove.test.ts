// remove.sh: a worker leaves, whether or not it and the control plane still answer.
import assert from "node:assert/strict";
import { Sandbox, source } from "../../support/node-sandbox";

describe("remove.sh", () => {
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
    sandbox.write("etc/kubernetes/admin.conf", "");
  });
  afterEach(() => sandbox.remove());

  interface Cluster {
    /** Whether the API server answers. Default: `true`. */
    answers?: boolean;
    /** The worker's condition Ready; undefined if it is no node of the cluster. */
    ready: "True" | "False" | "Unknown" | undefined;
    /** Exit code of the drain. Default: 0. */
    drained?: number;
  }

  /** Runs the step with a kubectl that answers as this cluster would. @returns what it said, and what it changed. */
  async function remove({ answers = true, ready, drained = 0 }: Cluster) {
    sandbox.command(
      "kubectl",
      `case "$*" in
         *"get --raw"*) exit ${answers ? 0 : 1} ;;
         *jsonpath*Ready*) printf '${ready}' ;;
         *"get node w1"*) ${ready === undefined ? "true" : "echo node/w1"} ;;
         *) sed -E 's/.*(cordon|drain|delete node) w1.*/\\1/' <<<"$*" >>${sandbox.path("calls")}
            case "$*" in *drain*) echo "evicting a pod"; exit ${drained} ;; esac ;;
       esac`,
    );
    const body = source("remove").replace("wait_for 20", "wait_for 0");
    const { status, stderr } = await sandbox.run({ body }, { NODE_NAME: "w1" }, { action: "delete" });
    assert.equal(status, 0, stderr);
    return { stderr, calls: sandbox.calls() };
  }

  it("drains a ready worker, and then deletes its Node", async () => {
    const { stderr, calls } = await remove({ ready: "True" });
    assert.deepEqual(calls, ["cordon", "drain", "delete node"]);
    assert.match(stderr, /^draining w1$/m);
    assert.doesNotMatch(stderr, /note:/);
  });

  it("deletes the Node of a worker whose pods do not end in time, and says so", async () => {
    const { stderr, calls } = await remove({ ready: "True", drained: 1 });
    assert.deepEqual(calls, ["cordon", "drain", "delete node"]);
    assert.match(
      stderr,
      /evicting a pod\nfailed \(exit 1\): draining w1\nnote: not all pods of w1 ended within 60 s\n/,
    );
  });

  for (const ready of ["False", "Unknown"] as const)
    it(`does not drain a worker whose condition Ready is ${ready}: its kubelet would not end the pods`, async () => {
      const { stderr, calls } = await remove({ ready });
      assert.deepEqual(calls, ["cordon", "delete node"]);
      assert.match(stderr, /w1 is not ready: its kubelet could not end the pods, so it is not drained/);
    });

  it("changes nothing when the worker is not a node of the cluster any more", async () => {
    const { stderr, calls } = await remove({ ready: undefined });
    assert.deepEqual(calls, []);
    assert.match(stderr, /w1 is not a node of the cluster any more/);
  });

  it("does not wait for a control plane that is gone", async () => {
    const { stderr, calls } = await remove({ answers: false, ready: "True" });
    assert.deepEqual(calls, []);
    assert.match(stderr, /note: there is no API server any more, so w1 does not have to be removed/);
  });
});
