/** The node scripts for real: a kubeadm cluster on node containers over SSH, killed at many moments, and its leftovers. */
import assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";
import { clusterIdentity, initConfig, joinConfig } from "../../../components/cluster/kubeadm";
import { type StepName, stepScript } from "../../../components/cluster/steps";
import { parseConfig } from "../../../components/config";
import { planLab } from "../../../components/plan";
import { build, KUBERNETES, program } from "../../support/cluster-build";
import { Containers, needsContainers, SPEC } from "../../support/containers";
import { TOOLS_IMAGE } from "../../support/pods";
import { type Result, Running } from "../../support/running";

const execute = promisify(execFile);
const POD_CIDR = "172.16.0.0/16";
// A text that no binary contains by chance.
const TOKEN = "k8sjoi.7pz3wq0vtm5x2hnd";
const BLOCKS: Record<string, string> = { cp1: "172.16.0.0/26", w1: "172.16.0.64/26", w2: "172.16.0.128/26" };
const ADDRESSES = Object.fromEntries(
  SPEC.nodes.map(({ name, address }) => [name, address.split("/")[0] ?? ""]),
);
const NODES = Object.keys(ADDRESSES);

const machines = SPEC.nodes.map(({ name, address, subnet }) => ({
  name,
  address: address.split("/")[0],
  subnet: SPEC.subnets.find((one) => one.name === subnet)?.cidr,
}));
const plan = planLab(
  parseConfig({
    cloud: "hosts",
    kubernetesVersion: KUBERNETES,
    hosts: { machines },
    calico: { install: "none" },
  }),
);

/** What is killed: the connection from the engine, the step's shell on the node, or everything at work on the node. */
const CUTS = ["the connection", "the shell", "everything"] as const;
type Cut = (typeof CUTS)[number];
interface Killed {
  /** Killed as soon as this command line runs on the node. */
  at: string;
  cut: Cut;
}

describe("the node scripts on real machines", function () {
  this.timeout(1_200_000);
  let lab: Containers;
  let hash = "";

  /** Runs a step on a node, and kills it if wanted. */
  const take = async (
    node: string,
    step: StepName,
    values: Record<string, string> = {},
    action = "create",
    killed?: Killed,
  ): Promise<Result> => {
    const script = stepScript(step, { NODE_NAME: node, ...values });
    const child = spawn("ssh", lab.sshArgv(node, `bash -s -- ${action}`), { stdio: "pipe" });
    child.stdin.on("error", () => {}); // the test kills the other side
    child.stdin.end(script);
    const { ended } = new Running(child);
    if (killed) void cutOff(node, killed, () => child.kill("SIGKILL"));
    const result = await ended;
    return { ...result, stdout: result.stdout.trim() };
  };

  /** Waits for the moment on the node itself, to lose no time. */
  async function cutOff(node: string, { at, cut }: Killed, close: () => void): Promise<void> {
    const shell = "pkill -KILL -x -f 'bash -s -- (create|delete)'";
    const ends: Record<Cut, string> = {
      "the connection": "true",
      "the shell": shell,
      everything: `${shell}; pkill -KILL -x '(kubeadm|kubectl|apt-get|dpkg|ctr)'`,
    };
    // The first character in brackets: else pgrep would find this loop itself.
    const pattern = `[${at.slice(0, 1)}]${at.slice(1)}`;
    const loop = `for i in $(seq 600); do pgrep -f '${pattern}' >/dev/null && break; sleep 0.05; done`;
    await execute("ssh", lab.sshArgv(node, `${loop}; ${ends[cut]}; true`));
    close();
  }

  /** Runs a step that must succeed. */
  const done = async (node: string, step: StepName, values?: Record<string, string>, action?: string) => {
    const answer = await take(node, step, values, action);
    assert.equal(answer.status, 0, `${step} on ${node}: ${answer.stderr}`);
    return answer;
  };

  const hosts = NODES.map((name) => `${ADDRESSES[name]} ${name}`).join("\n");
  const prepareValues = (node: string) => ({
    NODE_ADDRESS: ADDRESSES[node] ?? "",
    HOSTS: hosts,
    KUBERNETES_VERSION: plan.versions.kubernetes,
    PROXY_MODE: "iptables",
    REQUIRE_IPIP: "0",
  });
  const prepare = (node: string) => done(node, "prepare", prepareValues(node));
  const initValues = { KUBEADM_CONFIG: initConfig(plan, ["127.0.0.1"]), CLUSTER: clusterIdentity(plan) };
  const init = async () => {
    const answer = await done("cp1", "init", initValues);
    hash = answer.stdout;
    return answer;
  };
  const joinValues = (node: string) => {
    const planned = plan.nodes.find(({ name }) => name === node);
    assert.ok(planned);
    return { JOIN_CONFIG: joinConfig(plan, planned, { token: TOKEN, caHash: hash }) };
  };
  const join = (node: string) => done(node, "join", joinValues(node));
  const token = () => done("cp1", "token", { TOKENS: TOKEN, MINUTES: "15" });
  /** Static routes: like Felix', and unlike BIRD's. */
  const routesValues = (...lines: string[]) => ({
    EXPECTED: lines.map((line) => `${line} Felix`).join("\n"),
    POD_MTU: String(SPEC.mtu),
  });
  const podNetworkValues = (node: string, others: string[] = NODES) => ({
    POD_CIDR,
    BLOCK: BLOCKS[node] ?? "",
    ROUTES: others
      .filter((other) => other !== node)
      .map((other) => `${BLOCKS[other]} ${ADDRESSES[other]}`)
      .join("\n"),
    MTU: String(SPEC.mtu),
    NAT_OUTGOING: "1",
  });
  const podNetwork = (node: string) => done(node, "pod-network", podNetworkValues(node));
  const reset = (node: string) => done(node, "reset", { POD_CIDR }, "delete");

  const kubectl = (command: string) =>
    lab.on("cp1", `KUBECACHEDIR=/run/kube-cache kubectl --kubeconfig /etc/kubernetes/admin.conf ${command}`);
  const nodes = () => kubectl("get nodes --output name").split("\n").sort();

  before(async function () {
    needsContainers(this);
    const routes = NODES.map((name) => ({ block: BLOCKS[name] ?? "", via: ADDRESSES[name] ?? "" }));
    lab = await Containers.booted({ layer: build("layer"), routes });
  });
  after(() => lab?.remove());

  it("make three machines a cluster, with workers in parallel, and do nothing the second time", async () => {
    await Promise.all(NODES.map(prepare));
    assert.match((await init()).stdout, /^sha256:[0-9a-f]{64}$/);
    assert.equal(
      kubectl("-n kube-system get secrets --field-selector type=bootstrap.kubernetes.io/token"),
      "",
    );
    await token();
    await Promise.all(["w1", "w2"].map(join));
    await Promise.all(NODES.map(podNetwork));
    kubectl("wait --for=condition=Ready --timeout=120s nodes --all");
    assert.deepEqual(nodes(), ["node/cp1", "node/w1", "node/w2"]);

    const first = hash;
    assert.match((await init()).stderr, /cp1 is already a control plane\n$/);
    assert.equal(hash, first);
    for (const name of ["w1", "w2"])
      assert.match((await join(name)).stderr, /is already a node of the cluster\n$/);
    const started = "systemctl show --property=ActiveEnterTimestampMonotonic containerd kubelet";
    const running = NODES.map((name) => lab.on(name, started));
    await Promise.all(NODES.map(prepare));
    assert.deepEqual(
      NODES.map((name) => lab.on(name, started)),
      running,
    );
  });

  it("leave no secret in a process list, on a disk or in the output", async () => {
    const secret = TOKEN.split(".")[1] ?? "";
    const watch = `until [ -e /run/enough ]; do cat /proc/[0-9]*/cmdline 2>/dev/null; done | tr '\\0' '\\n' | sort -u`;
    const watched = execute("ssh", lab.sshArgv("cp1", watch), { maxBuffer: 1e8 });
    const { stderr, stdout: result } = await token();
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
    await done("w2", "routes", routesValues(`${BLOCKS.cp1} direct 10.0.4.1`, `${BLOCKS.w1} eth0 -`));
    const ready = `kubectl --kubeconfig /etc/kubernetes/admin.conf wait --for=condition=Ready --timeout=5s pod/on-w2`;
    await lab.ready(
      "cp1",
      `KUBECACHEDIR=/run/kube-cache ${ready} && ping -c 1 -W 3 $(KUBECACHEDIR=/run/kube-cache kubectl --kubeconfig /etc/kubernetes/admin.conf get pod on-w2 --output 'jsonpath={.status.podIP}')`,
    );
    meet();
  });

  it("replace routes exactly, and say which route is not as planned", async () => {
    await done("w1", "pod-network", podNetworkValues("w1", ["cp1"]));
    assert.doesNotMatch(lab.on("w1", "ip route"), /172\.16\.0\.128/);
    const wrong = await take("w1", "routes", routesValues(`${BLOCKS.w2} direct -`, `${BLOCKS.cp1} tunl0 -`));
    assert.equal(wrong.status, 1);
    assert.match(wrong.stderr, /172\.16\.0\.128\/26: expected device direct, gateway -, .*; found no route/);
    assert.match(
      wrong.stderr,
      /172\.16\.0\.0\/26: expected device tunl0, gateway -, .*; found .*10\.0\.3\.10/,
    );
    await podNetwork("w1");
    await done("w1", "routes", routesValues(`${BLOCKS.w2} direct 10.0.3.1`, `${BLOCKS.cp1} eth0 10.0.3.10`));
  });

  it("print a kubeconfig that works from outside", async () => {
    const values = { SERVER: `https://127.0.0.1:${lab.status().api.port}`, CLUSTER_NAME: "lab-1" };
    const { stdout: kubeconfig, stderr } = await done("cp1", "kubeconfig", values);
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
      (await take("w1", "init", initValues)).stderr,
      /w1 is still part of another lab \(join done\)/,
    );
    lab.on("w1", "mv /var/lib/encaplab /var/lib/encaplab.away");
    for (const [step, values] of [
      ["prepare", prepareValues("w1")],
      ["join", joinValues("w1")],
    ] as const) {
      const { status, stderr } = await take("w1", step, values);
      assert.equal(status, 1);
      assert.match(
        stderr,
        /w1 belongs to a cluster that is not this lab's: it has \/etc\/kubernetes\/kubelet\.conf/,
      );
    }
    assert.match((await reset("w1")).stderr, /there is nothing to reset on this machine/);
    lab.on("w1", "rm -rf /var/lib/encaplab && mv /var/lib/encaplab.away /var/lib/encaplab");
    assert.match((await join("w1")).stderr, /is already a node of the cluster/);
  });

  it("remove a worker, join it again, and do not wait for a dead one", async () => {
    await done("cp1", "remove", { NODE_NAME: "w1" }, "delete");
    assert.deepEqual(nodes(), ["node/cp1", "node/w2"]);
    await done("cp1", "remove", { NODE_NAME: "w1" }, "delete");
    await token();
    await join("w1");
    assert.deepEqual(nodes(), ["node/cp1", "node/w1", "node/w2"]);
    lab.run("kill", "w2");
    await done("cp1", "remove", { NODE_NAME: "w2" }, "delete");
    assert.deepEqual(nodes(), ["node/cp1", "node/w1"]);
    lab.run("start", "w2");
    await lab.ready("w2");
  });

  it("leave the machines as they were, with and without an API server", async () => {
    await reset("cp1");
    await Promise.all(["w1", "w2"].map(reset));
    for (const name of NODES) assert.deepEqual(lab.changes(name), [], name);
    for (const name of NODES)
      assert.match((await reset(name)).stderr, /there is nothing to reset on this machine/);
    assert.match(
      (await done("cp1", "remove", { NODE_NAME: "w1" }, "delete")).stderr,
      /there is no API server any more/,
    );
  });

  describe("when they are killed", () => {
    /** Command lines that run one after the other: the moments to kill at. */
    const moments = {
      prepare: ["bash -s -- create", "containerd config", "systemctl restart containerd"],
      init: ["kubeadm init", "etcd --advertise", "kube-apiserver --advertise", "delete secrets"],
      join: ["kubeadm join", "kubelet --bootstrap-kubeconfig"],
      reset: ["kubeadm reset", "ctr --namespace", "systemctl daemon-reload"],
    };
    // The steps of a second worker are not killed, and would only cost time.
    const PAIR = ["cp1", "w1"];

    for (const cut of CUTS) {
      it(`continue when they are run again after a kill of ${cut}`, async () => {
        for (const at of moments.prepare)
          await take("cp1", "prepare", prepareValues("cp1"), "create", { at, cut });
        await Promise.all(PAIR.map(prepare));
        for (const at of moments.init) await take("cp1", "init", initValues, "create", { at, cut });
        await init();
        await token();
        for (const at of moments.join) await take("w1", "join", joinValues("w1"), "create", { at, cut });
        await join("w1");
        assert.deepEqual(nodes(), ["node/cp1", "node/w1"]);
        assert.match((await init()).stderr, /already/);
        for (const at of moments.reset) await take("w1", "reset", { POD_CIDR }, "delete", { at, cut });
        await Promise.all(PAIR.map(reset));
        for (const name of PAIR) assert.deepEqual(lab.changes(name), [], name);
      });
    }
  });
});
