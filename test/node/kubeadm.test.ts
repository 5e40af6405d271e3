// init.sh and join.sh: what they make of each state in which a machine may be; kubeadm and the API server are stand-ins.
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { Sandbox, source, type Values } from "./sandbox";

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
       echo "$*" >>${sandbox.path("flags")}
       echo "kubeadm $1 $(case $1 in reset) ;; *) cat /dev/stdin ;; esac)" >>${calls}
       case $1 in
         init) [ -z "$FAIL" ] || exit 1; mkdir -p /etc/kubernetes/pki; : >/etc/kubernetes/admin.conf; : >/etc/kubernetes/pki/ca.crt ;;
         join) mkdir -p /etc/kubernetes/pki; : >/etc/kubernetes/kubelet.conf; : >/etc/kubernetes/pki/ca.crt ;;
         reset) rm -rf /etc/kubernetes ;;
       esac`,
    );
    sandbox.command("openssl", "cat >/dev/null <&0 & echo key");
    sandbox.command("kubelet", "echo Kubernetes v1.34.4");
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

  it("init fails when the CA's hash cannot be made, and gives no result for the joins to pin", async () => {
    sandbox.command("openssl", "exit 1");
    const ran = await init();
    assert.notEqual(ran.status, 0);
    assert.equal(ran.stdout, "");
    assert.match(ran.stderr, /failed in (ca_hash|create)/);
  });

  describe("on cgroup v1", () => {
    const V1 = "tmpfs /sys/fs/cgroup tmpfs rw 0 0\ncgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0";
    const HYBRID = `${V1}\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0`;
    const V2 = "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0";
    /** The mounts of another machine: what the steps read of them, and the folder that decides. */
    const mounts = (text: string) => `mounts() { printf '%s\\n' '${text}'; }`;
    const hierarchies = "mount -t tmpfs none /sys/fs/cgroup; mkdir /sys/fs/cgroup/memory";

    for (const [what, text, before, expected] of [
      ["cgroup v2", V2, "", "no"],
      ["cgroup v1", V1, hierarchies, "yes"],
      ["cgroup v1 with v2 beside it", HYBRID, hierarchies, "yes"],
      ["a tmpfs without cgroup v1's memory", HYBRID, "mount -t tmpfs none /sys/fs/cgroup", "no"],
      ["cgroup v1 in another place", "none /cgroup/cpu cgroup rw 0 0", "", "yes"],
      ["both in other places", "none /cgroup/cpu cgroup rw 0 0\nnone /cgroup2 cgroup2 rw 0 0", "", "no"],
      ["no control groups", "/dev/sda1 / ext4 rw 0 0", "", "no"],
    ] as const) {
      it(`the version is decided as kubeadm decides it: ${what}`, async () => {
        const create = "create() { if cgroup_v1; then result yes; else result no; fi; }";
        const ran = await sandbox.run(
          { body: `${source("kubeadm")}\n${mounts(text)}\n${create}` },
          {},
          { before },
        );
        assert.equal(ran.stdout, `${expected}\n`, ran.stderr);
      });
    }

    const NOTE = /^note: (cp1|w1) has cgroup v1, which a later Kubernetes will not run on/gm;
    for (const [step, values, flags] of [
      ["init", { NODE_NAME: "cp1", KUBEADM_CONFIG: "init: cp1", CLUSTER: "one" }, " --skip-token-print"],
      ["join", { NODE_NAME: "w1", JOIN_CONFIG: "join: w1" }, ""],
    ] as [string, Values, string][]) {
      const ran = (text: string, kubelet: string) => {
        sandbox.command("kubelet", `echo Kubernetes ${kubelet}`);
        const body = `${source("kubeadm")}\n${source(step)}\n${mounts(text)}`;
        return sandbox.run({ body }, values, { before: text === V2 ? "" : hierarchies });
      };

      it(`kubeadm ${step} of 1.35 and later skips the check that would fail, and says so once`, async () => {
        for (const kubelet of ["v1.35.4", "v1.36.0-rc.1"]) {
          const { status, stderr } = await ran(V1, kubelet);
          assert.equal(status, 0, stderr);
          assert.equal(stderr.match(NOTE)?.length, 1, stderr);
          assert.equal(
            sandbox.read("flags"),
            `${step} --config /dev/stdin${flags} --ignore-preflight-errors=SystemVerification\n`,
          );
          for (const name of ["flags", "var/lib/encaplab", "etc/kubernetes"])
            fs.rmSync(sandbox.path(name), { recursive: true });
        }
      });

      it(`kubeadm ${step} skips no check on cgroup v2, nor before 1.35`, async () => {
        for (const [text, kubelet] of [
          [V2, "v1.35.4"],
          [V1, "v1.34.4"],
        ] as const) {
          const { status, stderr } = await ran(text, kubelet);
          assert.equal(status, 0, stderr);
          assert.doesNotMatch(stderr, NOTE);
          assert.equal(sandbox.read("flags"), `${step} --config /dev/stdin${flags}\n`);
          for (const name of ["flags", "var/lib/encaplab", "etc/kubernetes"])
            fs.rmSync(sandbox.path(name), { recursive: true });
        }
      });
    }
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
