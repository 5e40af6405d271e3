// What the steps do when a command that they ask for an answer fails: an empty answer would mean something else.
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { Sandbox, source } from "../../support/node-sandbox";

describe("a step whose command fails", () => {
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
  });
  afterEach(() => sandbox.remove());

  /** A kubectl that records its arguments, and fails for calls that match this pattern of bash. */
  const kubectl = (failing: string, answers = "") =>
    sandbox.command(
      "kubectl",
      `echo "$*" >>${sandbox.path("calls")}
       case "$*" in
         ${failing}) echo "connection refused" >&2; exit 1 ;;
         ${answers}
       esac`,
    );

  it("fails when a command inside a command substitution fails, even if it is not the last one", async () => {
    const body = `create() { local text; text=$(lines); result "$text"; }
      lines() { ls /nowhere 2>/dev/null; echo "the rest"; }`;
    const ran = await sandbox.run({ body }, {});
    assert.equal(ran.status, 2);
    assert.equal(ran.stdout, "");
    assert.match(ran.stderr, /^failed in lines \(exit 2\): ls \/nowhere/m);
  });

  const BLOCKS = { NODES: "cp1", MODE: "VXLAN", TUNNELS: "", BGP_READY: "1" };
  const REVISION = `*controllerrevisions*) echo r1 ;; *'get pods'*) echo cp1 r1 True calico-node-1 Running ;;
    *'get nodes'*) echo cp1 ;; *'get daemonset'*) echo 1 1 ;;`;
  for (const [step, values, failing, answers] of [
    ["members", {}, "*'get nodes'*", ""],
    ["kubeconfig", { SERVER: "https://cp1:6443", CLUSTER_NAME: "lab" }, "*'config view'*", ""],
    ["blocks", BLOCKS, "*blockaffinities*", REVISION],
  ] as const) {
    it(`${step}.sh fails with kubectl, and gives no empty answer`, async () => {
      sandbox.write("etc/kubernetes/admin.conf", "there");
      kubectl(failing, answers);
      const ran = await sandbox.run(step, values);
      assert.deepEqual([ran.status, ran.stdout], [1, ""], ran.stderr);
      assert.match(ran.stderr, /connection refused/);
    });
  }

  it("routes.sh says that it has checked nothing when it was given nothing to check", async () => {
    const ran = await sandbox.run("routes", { NODE_NAME: "w1", EXPECTED: "", ABSENT: "", POD_MTU: "1450" });
    assert.equal(ran.status, 0, ran.stderr);
    assert.match(ran.stderr, /no route was checked/);
    assert.doesNotMatch(ran.stderr, /as planned/);
  });

  it("remove.sh keeps the node when the API server does not say whether it exists", async () => {
    sandbox.write("etc/kubernetes/admin.conf", "");
    kubectl("*' get node w1 '*");
    const ran = await sandbox.run("remove", { NODE_NAME: "w1" }, { action: "delete" });
    assert.equal(ran.status, 1);
    assert.match(ran.stderr, /connection refused/);
    assert.doesNotMatch(ran.stderr, /not a node of the cluster any more/);
  });

  it("calico.sh does not return before it knows which nodes must run the new calico-node", async () => {
    kubectl(
      "*'get nodes'*",
      "*apply*) cat >/dev/null ;; *'get daemonset'*) echo daemonset.apps/calico-node ;;",
    );
    const MANIFEST = gzipSync("kind: DaemonSet").toString("base64");
    const ran = await sandbox.run("calico", { MANIFEST, RECORDED: "", BGP_READY: "1" });
    assert.equal(ran.status, 1);
    assert.match(ran.stderr, /^failed in create \(exit 1\): ready=\$\(ready_nodes\)/m);
  });

  it("init.sh does not start kubeadm without knowing the version of its images", async () => {
    sandbox.command("kubelet", "echo Kubernetes v1.34.4");
    sandbox.command("kubeadm", `[ "$1" != version ] || exit 1; echo "$1" >>${sandbox.path("calls")}`);
    const ran = await sandbox.run("init", {
      NODE_NAME: "cp1",
      CLUSTER: "one",
      KUBEADM_CONFIG: "kubernetesVersion: v1.34.4",
    });
    assert.equal(ran.status, 1);
    assert.deepEqual(sandbox.calls(), []);
  });

  it("join.sh joins again when it cannot compare the cluster's CA with the machine's", async () => {
    sandbox.write("var/lib/encaplab/kubeadm", "join done\n");
    sandbox.write("etc/kubernetes/kubelet.conf", "");
    sandbox.command("kubeadm", `echo "$1" >>${sandbox.path("calls")}`);
    sandbox.command("kubelet", "echo Kubernetes v1.34.4");
    sandbox.command("openssl", "exit 1");
    sandbox.command("kubectl", "true");
    const ran = await sandbox.run("join", { NODE_NAME: "w1", JOIN_CONFIG: "join: w1" });
    assert.equal(ran.status, 0, ran.stderr);
    assert.deepEqual(sandbox.calls(), ["reset", "join"]);
  });

  it("reset.sh keeps its record of packages when the installed packages cannot be listed", async () => {
    sandbox.write("var/lib/encaplab/packages", "kubelet\n");
    sandbox.command("dpkg-query", "echo the database is locked >&2; exit 1");
    const body = `${["packages", "kubeadm", "before", "network-leftovers", "reset"].map(source).join("\n")}
      create() { remove_packages; }`;
    const ran = await sandbox.run({ body }, { PROXY_MODE: "iptables" });
    assert.notEqual(ran.status, 0);
    assert.match(ran.stderr, /the database is locked/);
    assert.doesNotMatch(ran.stderr, /already gone/);
    assert.equal(sandbox.read("var/lib/encaplab/packages"), "kubelet\n");
  });
});
