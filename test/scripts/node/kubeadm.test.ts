// init.sh and join.sh on a machine in each possible state; kubeadm and the API server are stand-ins.
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { Sandbox, source, type Values } from "../../support/node-sandbox";

const HASH = /^sha256:[0-9a-f]{64}\n$/;

describe("init.sh and join.sh", () => {
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
    const calls = sandbox.path("calls");
    // `calls` records the arguments and standard input.
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
    // The hash of the stand-in's key, as init prints it.
    const hash = "sha256:a7998f247bd965694ff227fa325c81169a07471a8b6808d3e002a486c4e65975";
    return sandbox.run(
      "join",
      { NODE_NAME: "w1", JOIN_CONFIG: config || `join: w1\ncaCertHashes: [${hash}]` },
      { before: `export NODE_ANSWER='${NODE_ANSWER}'` },
    );
  };

  it("init.sh runs kubeadm init once, with its config on standard input, and prints the CA's hash each time", async () => {
    const [first, second] = [await init(), await init()];
    assert.match(first.stdout, HASH, first.stderr);
    assert.equal(second.stdout, first.stdout);
    assert.match(second.stderr, /already/);
    assert.deepEqual(sandbox.calls(), ["kubeadm init init: cp1"]);
    assert.equal(state(), "init done\n");
  });

  it("init.sh starts over after an init that failed or was killed", async () => {
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

  it("init.sh makes a new cluster when a setting changes that a running cluster cannot change", async () => {
    await init();
    const ran = await init({ CLUSTER: "two" });
    assert.match(ran.stderr, /another cluster was here \(one\)/);
    assert.deepEqual(sandbox.calls().slice(1), ["kubeadm reset ", "kubeadm init init: cp1"]);
  });

  it("join.sh joins once, and again when the node was deleted or the cluster has another CA", async () => {
    assert.equal((await join()).status, 0);
    assert.match((await join()).stderr, /already/);
    assert.equal(sandbox.calls().length, 2, "one call: its config has two lines");
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

  it("init.sh fails and prints no hash when the CA's hash cannot be computed", async () => {
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
    /** Makes the steps see the mounts of another machine. */
    const mounts = (text: string) => `mounts() { printf '%s\\n' '${text}'; }`;
    const hierarchies = "mount -t tmpfs none /sys/fs/cgroup; mkdir /sys/fs/cgroup/memory";

    for (const [what, text, before, expected] of [
      ["cgroup v2", V2, "", "no"],
      ["cgroup v1", V1, hierarchies, "yes"],
      ["cgroup v1 with v2 beside it", HYBRID, hierarchies, "yes"],
      ["a tmpfs without cgroup v1's memory", HYBRID, "mount -t tmpfs none /sys/fs/cgroup", "no"],
      ["cgroup v1 on another path", "none /cgroup/cpu cgroup rw 0 0", "", "yes"],
      ["both on other paths", "none /cgroup/cpu cgroup rw 0 0\nnone /cgroup2 cgroup2 rw 0 0", "", "no"],
      ["no control groups", "/dev/sda1 / ext4 rw 0 0", "", "no"],
    ] as const) {
      it(`decides the cgroup version as kubeadm does: ${what}`, async () => {
        const create = "create() { if cgroup_v1; then result yes; else result no; fi; }";
        const ran = await sandbox.run(
          { body: `${source("kubeadm")}\n${mounts(text)}\n${create}` },
          {},
          { before },
        );
        assert.equal(ran.stdout, `${expected}\n`, ran.stderr);
      });
    }

    const NOTE = /^note: (cp1|w1) has cgroup v1, which later Kubernetes releases will not support/gm;
    for (const [step, values, flags] of [
      ["init", { NODE_NAME: "cp1", KUBEADM_CONFIG: "init: cp1", CLUSTER: "one" }, " --skip-token-print"],
      ["join", { NODE_NAME: "w1", JOIN_CONFIG: "join: w1" }, ""],
    ] as [string, Values, string][]) {
      const ran = (text: string, kubelet: string) => {
        sandbox.command("kubelet", `echo Kubernetes ${kubelet}`);
        const body = `${source("kubeadm")}\n${source(step)}\n${mounts(text)}`;
        return sandbox.run({ body }, values, { before: text === V2 ? "" : hierarchies });
      };

      it(`${step}.sh skips the check that would fail in kubeadm 1.35 and later, and says so once`, async () => {
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

      it(`${step}.sh skips no check on cgroup v2, or before kubeadm 1.35`, async () => {
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

  it("do not touch a cluster that is not the lab's, or a machine with another role in a lab", async () => {
    sandbox.write("etc/kubernetes/kubelet.conf", "theirs");
    for (const ran of [await init(), await join()]) {
      assert.equal(ran.status, 1);
      assert.match(
        ran.stderr,
        /belongs to a cluster that is not this lab's: it has \/etc\/kubernetes\/kubelet\.conf/,
      );
    }
    sandbox.write("var/lib/encaplab/kubeadm", "join done\n");
    assert.match((await init()).stderr, /cp1 is still part of another lab \(join done\)/);
    assert.deepEqual(sandbox.calls(), []);
    assert.equal(sandbox.read("etc/kubernetes/kubelet.conf"), "theirs");
  });
});
