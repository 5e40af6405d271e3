/** The node scripts for real: a kubeadm cluster on node containers over SSH, and its leftovers. */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";
import { program, TOOLS_IMAGE } from "../../support/cluster-build";
import { type Containers, needsContainers } from "../../support/containers";
import { BLOCKS, NODES, NodeSteps, TOKEN, values } from "../../support/node-steps";

const execute = promisify(execFile);

describe("the node scripts on real machines", function () {
  this.timeout(1_200_000);
  let steps: NodeSteps;
  let lab: Containers;
  const kubectl = (command: string) => steps.kubectl(command);

  before(async function () {
    needsContainers(this);
    steps = await NodeSteps.booted();
    lab = steps.lab;
  });
  after(() => lab?.remove());

  it("make three machines a cluster after kills of everything, with workers in parallel, and do nothing the second time", async () => {
    await steps.killed("cp1", "prepare", "everything");
    await Promise.all(NODES.map(steps.prepare));
    await steps.killed("cp1", "init", "everything");
    assert.match((await steps.init()).stdout, /^sha256:[0-9a-f]{64}$/);
    assert.equal(
      kubectl("-n kube-system get secrets --field-selector type=bootstrap.kubernetes.io/token"),
      "",
    );
    await steps.token();
    await steps.killed("w1", "join", "everything");
    await Promise.all(["w1", "w2"].map(steps.join));
    await Promise.all(NODES.map(steps.podNetwork));
    kubectl("wait --for=condition=Ready --timeout=120s nodes --all");
    assert.deepEqual(steps.nodes(), ["node/cp1", "node/w1", "node/w2"]);

    const first = steps.hash;
    assert.match((await steps.init()).stderr, /cp1 is already a control plane\n$/);
    assert.equal(steps.hash, first);
    for (const name of ["w1", "w2"])
      assert.match((await steps.join(name)).stderr, /is already a node of the cluster\n$/);
    const started = "systemctl show --property=ActiveEnterTimestampMonotonic containerd kubelet";
    const running = NODES.map((name) => lab.on(name, started));
    await Promise.all(NODES.map(steps.prepare));
    assert.deepEqual(
      NODES.map((name) => lab.on(name, started)),
      running,
    );
  });

  it("leave no secret in a process list, on a disk or in the output", async () => {
    const secret = TOKEN.split(".")[1] ?? "";
    const watch = `until [ -e /run/enough ]; do cat /proc/[0-9]*/cmdline 2>/dev/null; done | tr '\\0' '\\n' | sort -u`;
    const watched = execute("ssh", lab.sshArgv("cp1", watch), { maxBuffer: 1e8 });
    const { stderr, stdout: result } = await steps.token();
    lab.on("cp1", "touch /run/enough");
    const { stdout } = await watched;
    assert.match(stdout, /^kubectl$/m);
    for (const text of [stdout, stderr, result]) assert.ok(!text.includes(secret));
    for (const name of ["w1", "w2"]) {
      const folders = "/etc /run/encaplab /tmp /root /var/lib/encaplab /var/lib/kubelet";
      assert.equal(lab.on(name, `grep -rlsF ${secret} ${folders} --devices=skip || true`), "");
    }
  });

  it("connect pods on all nodes, also after a node was off", async () => {
    for (const name of NODES) {
      const spec = {
        nodeName: name,
        tolerations: [{ operator: "Exists" }],
        terminationGracePeriodSeconds: 0,
      };
      kubectl(
        `run on-${name} --image=${TOOLS_IMAGE} --image-pull-policy=IfNotPresent --overrides='${JSON.stringify({ spec })}' --command -- sleep 86400`,
      );
    }
    kubectl("wait --for=condition=Ready --timeout=120s pods --all");
    const address = (name: string) => kubectl(`get pod on-${name} --output 'jsonpath={.status.podIP}'`);
    const meet = () => {
      for (const from of NODES)
        for (const to of NODES) kubectl(`exec on-${from} -- ping -c 1 -W 3 ${address(to)}`);
      for (const name of NODES) kubectl(`exec on-${name} -- ping -c 1 -W 3 10.0.4.1`);
    };
    meet();
    lab.run("kill", "w2");
    lab.run("start", "w2");
    await lab.ready("w2");
    await steps.done("w2", "routes", values.routes(`${BLOCKS.cp1} direct 10.0.4.1`, `${BLOCKS.w1} eth0 -`));
    const ready = `kubectl --kubeconfig /etc/kubernetes/admin.conf wait --for=condition=Ready --timeout=5s pod/on-w2`;
    await lab.ready(
      "cp1",
      `KUBECACHEDIR=/run/kube-cache ${ready} && ping -c 1 -W 3 $(KUBECACHEDIR=/run/kube-cache kubectl --kubeconfig /etc/kubernetes/admin.conf get pod on-w2 --output 'jsonpath={.status.podIP}')`,
    );
    meet();
  });

  it("replace routes exactly", async () => {
    await steps.done("w1", "pod-network", values.podNetwork("w1", ["cp1"]));
    assert.doesNotMatch(lab.on("w1", "ip route"), /172\.16\.0\.128/);
    await steps.podNetwork("w1");
    await steps.done(
      "w1",
      "routes",
      values.routes(`${BLOCKS.w2} direct 10.0.3.1`, `${BLOCKS.cp1} eth0 10.0.3.10`),
    );
  });

  it("print a kubeconfig that works from outside", async () => {
    const server = { SERVER: `https://127.0.0.1:${lab.status().api.port}`, CLUSTER_NAME: "lab-1" };
    const { stdout: kubeconfig, stderr } = await steps.done("cp1", "kubeconfig", server);
    assert.doesNotMatch(stderr, /key-data/);
    const file = path.join(lab.folder, "kubeconfig");
    fs.writeFileSync(file, kubeconfig, { mode: 0o600 });
    const argv = ["--kubeconfig", file, "--cache-dir", path.join(lab.folder, "cache")];
    const client = (...more: string[]) =>
      execFileSync(program("kubectl"), [...argv, ...more], { encoding: "utf8" }).trim();
    const listed = client("get", "nodes", "--output", "name");
    assert.deepEqual(listed.split("\n").sort(), ["node/cp1", "node/w1", "node/w2"]);
    assert.equal(client("config", "current-context"), "lab-1");
  });

  it("refuse a machine that has another role in a lab, or is in a cluster that is not the lab's", async () => {
    assert.match(
      (await steps.take("w1", "init", values.init)).stderr,
      /w1 is still part of another lab \(join done\)/,
    );
    lab.on("w1", "mv /var/lib/encaplab /var/lib/encaplab.away");
    for (const [step, given] of [
      ["prepare", values.prepare("w1")],
      ["join", values.join("w1", steps.hash)],
    ] as const) {
      const { status, stderr } = await steps.take("w1", step, given);
      assert.equal(status, 1);
      assert.match(
        stderr,
        /w1 belongs to a cluster that is not this lab's: it has \/etc\/kubernetes\/kubelet\.conf/,
      );
    }
    assert.match((await steps.reset("w1")).stderr, /there is nothing to reset on this machine/);
    lab.on("w1", "rm -rf /var/lib/encaplab && mv /var/lib/encaplab.away /var/lib/encaplab");
    assert.match((await steps.join("w1")).stderr, /is already a node of the cluster/);
  });

  it("remove a worker, join it again, and do not wait for a dead one", async () => {
    await steps.done("cp1", "remove", { NODE_NAME: "w1" }, "delete");
    assert.deepEqual(steps.nodes(), ["node/cp1", "node/w2"]);
    await steps.done("cp1", "remove", { NODE_NAME: "w1" }, "delete");
    await steps.token();
    await steps.join("w1");
    assert.deepEqual(steps.nodes(), ["node/cp1", "node/w1", "node/w2"]);
    lab.run("kill", "w2");
    await steps.done("cp1", "remove", { NODE_NAME: "w2" }, "delete");
    assert.deepEqual(steps.nodes(), ["node/cp1", "node/w1"]);
    lab.run("start", "w2");
    await lab.ready("w2");
  });

  it("leave the machines as they were after a kill of everything, with and without an API server", async () => {
    await steps.killed("w1", "reset", "everything");
    await steps.reset("cp1");
    await Promise.all(["w1", "w2"].map(steps.reset));
    for (const name of NODES) assert.deepEqual(lab.changes(name), [], name);
    for (const name of NODES)
      assert.match((await steps.reset(name)).stderr, /there is nothing to reset on this machine/);
    assert.match(
      (await steps.done("cp1", "remove", { NODE_NAME: "w1" }, "delete")).stderr,
      /there is no API server any more/,
    );
  });
});
