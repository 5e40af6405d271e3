// init.sh and join.sh: what they make of each state in which a machine may be; kubeadm and the API server are stand-ins.
import assert from "node:assert/strict";
import { Sandbox } from "./sandbox";

const HASH = /^sha256:[0-9a-f]{64}\n$/;

describe("the node scripts' kubeadm", () => {
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
    const calls = sandbox.path("calls");
    // What it is told on standard input is part of its call.
    sandbox.command(
      "kubeadm",
      `[ "$1" != version ] || { echo v1.34.4; exit; }
       echo "kubeadm $1 $(case $1 in reset) ;; *) cat /dev/stdin ;; esac)" >>${calls}
       case $1 in
         init) [ -z "$FAIL" ] || exit 1; mkdir -p /etc/kubernetes/pki; : >/etc/kubernetes/admin.conf; : >/etc/kubernetes/pki/ca.crt ;;
         join) mkdir -p /etc/kubernetes/pki; : >/etc/kubernetes/kubelet.conf; : >/etc/kubernetes/pki/ca.crt ;;
         reset) rm -rf /etc/kubernetes ;;
       esac`,
    );
    sandbox.command("openssl", "cat >/dev/null <&0 & echo key");
    sandbox.command(
      "kubectl",
      `case "$*" in *' get node '*) echo "$NODE_ANSWER"; [ -z "$NODE_ANSWER" ] ;; esac`,
    );
  });
  afterEach(() => sandbox.remove());

  const state = () => sandbox.read("var/lib/encaplab/kubeadm");
  const init = (values = {}) =>
    sandbox.run("init", { NODE_NAME: "cp1", KUBEADM_CONFIG: "init: cp1", CLUSTER: "one", ...values });
  const join = async (NODE_ANSWER = "", config = "") => {
    // The hash of the stand-in's key, as init tells it.
    const hash = "sha256:a7998f247bd965694ff227fa325c81169a07471a8b6808d3e002a486c4e65975";
    return sandbox.run(
      "join",
      { NODE_NAME: "w1", JOIN_CONFIG: config || `join: w1\ncaCertHashes: [${hash}]` },
      { before: `export NODE_ANSWER='${NODE_ANSWER}'` },
    );
  };

  it("init once, tells the CA's hash each time, and hands over its config on standard input", async () => {
    const [first, second] = [await init(), await init()];
    assert.match(first.stdout, HASH, first.stderr);
    assert.equal(second.stdout, first.stdout);
    assert.match(second.stderr, /already/);
    assert.deepEqual(sandbox.calls(), ["kubeadm init init: cp1"]);
    assert.equal(state(), "init done\n");
  });

  it("start over after an init that failed or was killed", async () => {
    const failed = await sandbox.run(
      "init",
      { NODE_NAME: "cp1", KUBEADM_CONFIG: "init: cp1", CLUSTER: "one" },
      { before: "export FAIL=yes" },
    );
    assert.notEqual(failed.status, 0);
    assert.equal(state(), "init started\n");
    assert.match((await init()).stdout, HASH);
    assert.deepEqual(sandbox.calls(), ["kubeadm init init: cp1", "kubeadm reset ", "kubeadm init init: cp1"]);
  });

  it("make another cluster when what cannot change is another", async () => {
    await init();
    const ran = await init({ CLUSTER: "two" });
    assert.match(ran.stderr, /another cluster was here \(one\)/);
    assert.deepEqual(sandbox.calls().slice(1), ["kubeadm reset ", "kubeadm init init: cp1"]);
  });

  it("join once; again when the node was deleted, and when the cluster has another CA", async () => {
    assert.equal((await join()).status, 0);
    assert.match((await join()).stderr, /already/);
    assert.equal(sandbox.calls().length, 2, "two lines: the config has two");
    assert.equal((await join("Error from server (NotFound): nodes w1 not found")).status, 0);
    assert.equal((await join("", "join: w1\ncaCertHashes: [sha256:00]")).status, 0);
    assert.deepEqual(
      sandbox.calls().filter((call) => call.startsWith("kubeadm")),
      [
        "kubeadm join join: w1",
        "kubeadm reset ",
        "kubeadm join join: w1",
        "kubeadm reset ",
        "kubeadm join join: w1",
      ],
    );
  });

  it("touch no cluster of somebody else, and no other part of a lab", async () => {
    sandbox.write("etc/kubernetes/kubelet.conf", "theirs");
    for (const ran of [await init(), await join()]) {
      assert.equal(ran.status, 1);
      assert.match(
        ran.stderr,
        /belongs to a cluster that is not this lab's: it has \/etc\/kubernetes\/kubelet\.conf/,
      );
    }
    sandbox.write("var/lib/encaplab/kubeadm", "join done\n");
    assert.match((await init()).stderr, /cp1 still is part of another lab \(join done\)/);
    assert.deepEqual(sandbox.calls(), []);
    assert.equal(sandbox.read("etc/kubernetes/kubelet.conf"), "theirs");
  });
});
