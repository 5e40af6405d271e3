// restart-pods.sh with a stand-in for kubectl: which pods it recreates, which it leaves alone, and what it prints.
import assert from "node:assert/strict";
import { Sandbox } from "../../support/node-sandbox";

const LABEL = "app.kubernetes.io/part-of=encaplab-study";

/** The cluster's objects: `kind namespace name`, and whether the object itself has the label. */
const OBJECTS = [
  ["DaemonSet", "study", "prober", "labelled"],
  ["Deployment", "study", "web", ""],
  ["Deployment", "default", "tagged", "labelled"],
  ["Deployment", "default", "mine", ""],
  ["StatefulSet", "shop", "db", ""],
] as const;
const BARE = [
  ["study", "single", ""],
  ["default", "loose", "labelled"],
  ["default", "theirs", ""],
] as const;

describe("restart-pods.sh", () => {
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
    const lines = (rows: readonly (readonly string[])[]) => rows.map((row) => row.join(" ")).join("\n");
    const listed = (name: string, rows: string) => `${name}() { cat <<'ROWS'\n${rows}\nROWS\n}`;
    // It answers as the API does: without a selector and a namespace, it lists everything.
    sandbox.command(
      "kubectl",
      `${listed("workloads", lines(OBJECTS))}
      ${listed("pods", lines(BARE))}
      fits() { # COLUMN of the namespace; the label is in the last column
        awk -v at="$1" -v namespace="$namespace" -v selector="$selector" '
          (namespace == "" || $at == namespace) && (selector == "" || $NF == "labelled") { sub(/ (labelled)?$/, ""); print }'
      }
      echo "$*" | sed 's/ --output .*//; s/^--kubeconfig [^ ]* //; s/--request-timeout=15s //' >>${sandbox.path("calls")}
      case "$*" in *--kubeconfig\\ /etc/kubernetes/admin.conf*) ;; *) exit 9 ;; esac
      namespace='' selector='' words=("$@")
      for i in "\${!words[@]}"; do
        case \${words[i]} in --namespace) namespace=\${words[i + 1]} ;; --selector) selector=\${words[i + 1]} ;; esac
      done
      case "$*" in
        *"\${FAILS:-nothing}"*) echo "the server is overloaded" >&2; exit 1 ;;
        *" get namespaces "*) [ -z "$selector" ] || echo study ;;
        *" get daemonsets,deployments,statefulsets "*) workloads | fits 2 ;;
        *" get pods "*) pods | fits 1 ;;
      esac`,
    );
  });
  afterEach(() => sandbox.remove());

  const run = (before = "", values: Record<string, string> = { LABEL }) =>
    sandbox.run("restart-pods", values, { before });
  const did = (what: string) => sandbox.calls().filter((call) => call.includes(what));

  it("restarts each workload that has the study's label, or whose namespace has it, once, and prints its name", async () => {
    const ran = await run();
    assert.equal(ran.status, 0, ran.stderr);
    assert.deepEqual(did("rollout restart"), [
      "--namespace study rollout restart daemonset/prober",
      "--namespace default rollout restart deployment/tagged",
      "--namespace study rollout restart deployment/web",
    ]);
    assert.deepEqual(ran.stdout.split("\n").slice(0, 3), [
      "restarted daemonset study/prober",
      "restarted deployment default/tagged",
      "restarted deployment study/web",
    ]);
  });

  it("never touches the user's own workloads and pods", async () => {
    const { stdout } = await run();
    assert.doesNotMatch([stdout, ...did("rollout")].join("\n"), /mine|db|theirs/);
    assert.deepEqual(did("delete"), []);
  });

  it("leaves a pod without an owner alone, and prints its name", async () => {
    const { stdout } = await run();
    assert.deepEqual(stdout.split("\n").slice(3), ["bare pod default/loose", "bare pod study/single", ""]);
  });

  it("restarts all workloads before it waits for their pods", async () => {
    await run();
    const order = did("rollout").map((call) => call.split("rollout ")[1]?.split(" ")[0]);
    assert.deepEqual(order, ["restart", "restart", "restart", "status", "status", "status"]);
    assert.match(
      did("rollout status")[0] ?? "",
      /^--namespace study rollout status daemonset\/prober --timeout=180s$/,
    );
  });

  it("fails when new pods do not start, and names their workload", async () => {
    const ran = await run("export FAILS='rollout status deployment/web'");
    assert.notEqual(ran.status, 0);
    assert.match(
      ran.stderr,
      /the server is overloaded\n[\s\S]*failed \(exit 1\): waiting for the pods of deployment study\/web/,
    );
    assert.equal(ran.stdout, "");
  });

  for (const question of [
    "get namespaces",
    "get daemonsets,deployments,statefulsets --all-namespaces",
    "get daemonsets,deployments,statefulsets --namespace study",
    "get pods --all-namespaces",
  ]) {
    it(`fails and restarts nothing when "${question}" gets no answer`, async () => {
      const ran = await run(`export FAILS='${question}'`);
      assert.notEqual(ran.status, 0);
      assert.deepEqual(did("rollout"), []);
      assert.equal(ran.stdout, "");
    });
  }

  it("prints nothing when the study has no pods", async () => {
    sandbox.command("kubectl", "exit 0");
    const { status, stdout, stderr } = await run();
    assert.deepEqual([status, stdout], [0, ""], stderr);
  });

  it("refuses an empty label, which would select every pod of the cluster", async () => {
    for (const wrong of ["", "study", "=", "key="]) {
      const ran = await run("", { LABEL: wrong });
      assert.equal(ran.status, 1, wrong);
      assert.match(ran.stderr, /LABEL must be key=value/);
    }
    assert.deepEqual(sandbox.calls(), []);
  });

  it("fails when no label was sent", async () => {
    const ran = await run("", {});
    assert.equal(ran.status, 1);
    assert.match(ran.stderr, /^the value LABEL was not sent with this step$/m);
  });
});
