/** Real Calico on real machines: every mode that can run here, every switch between two of them, and every fault. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { type Encapsulation, parseConfig } from "../../components/config";
import { judgeSwitch, type LabPlan, planLab } from "../../components/plan";
import { SPEC } from "../support/containers";
import { HostsLab, hindrance, MachinesLab } from "../support/hosts";
import { lookAt, type Named, TOPICS } from "../support/look";
import {
  disagreements,
  failingPaths,
  type Pod,
  pods,
  restartPods,
  restartSystemPods,
  startPods,
} from "../support/pods";
import type { RawConfig } from "../support/problems";
import { serviceDisagreements, startServices } from "../support/services";
import { kindFor, TwinUnderTest } from "../support/twin";

const NODES = ["cp1", "w1", "w2", "w3"];
const MACHINES = {
  nodes: [...SPEC.nodes, { name: "w3", subnet: "b", address: "10.0.4.11/24" }],
  routes: [],
};

/** From VXLANCrossSubnet through every ordered pair of the modes without IPIP, and back. */
const SWITCHES: readonly Encapsulation[] = [
  "VXLAN",
  "None",
  "VXLANCrossSubnet",
  "None",
  "VXLAN",
  "VXLANCrossSubnet",
];
const POOL = "default-ipv4-ippool";

const hasIpip = () =>
  spawnSync("unshare", ["--net", "ip", "link", "add", "probe", "type", "ipip", "remote", "192.0.2.1"])
    .status === 0;

describe("real Calico", function () {
  this.timeout(600_000);
  let lab: HostsLab;
  let twin: TwinUnderTest | undefined;

  const up = (raw: RawConfig) => {
    lab.on(NODES, raw);
    return lab.up();
  };

  before(async function () {
    const reason = hindrance();
    if (reason) return this.skip();
    this.timeout(3_600_000); // Kubernetes and Calico may have to be built
    lab = await HostsLab.create("calico", MACHINES);
    await up({ encapsulation: "VXLANCrossSubnet" });
    await lab.readKubeconfig();
    await lab.ready(...NODES);
    await startPods(lab);
    await startServices(lab);
  });
  after(async () => {
    await twin?.stop();
    await lab?.pulumi("destroy");
    lab?.clear();
  });

  it("comes up in VXLANCrossSubnet with every pair as predicted, and a second up touches nothing", async () => {
    assert.deepEqual(failingPaths(lab.plan), []);
    assert.deepEqual(await disagreements(lab), []);
    assert.deepEqual(MachinesLab.touched(await lab.up()), []);
  });

  const started = new Set<Encapsulation>();
  SWITCHES.forEach((encapsulation, i) => {
    const before = SWITCHES[i - 1] ?? "VXLANCrossSubnet";
    it(`switches from ${before} to ${encapsulation}, with old and new pods as predicted`, async () => {
      const old = lab.plan;
      const run = await up({ encapsulation });
      assert.deepEqual(
        MachinesLab.touched(run),
        ["blocks-cp1", POOL, ...NODES.map((name) => `routes-${name}`)].map((name) => `${name}: update`),
        "only the IPPool and the waits for it change; no Calico pod restarts",
      );
      const living = judgeSwitch(old, lab.plan);
      assert.equal(living !== undefined, old.mtu.pod !== lab.plan.mtu.pod);
      assert.deepEqual(
        await disagreements(lab, lab.plan, old.mtu.pod),
        [],
        "pods that were made before the switch",
      );
      assert.deepEqual(await podsToRestart(lab), living ? (await pods(lab)).map(named).sort() : []);
      if (living) await restartPods(lab);
      assert.deepEqual(await disagreements(lab), [], "pods that were made after the switch");
      assert.deepEqual(
        failingPaths(lab.plan),
        encapsulation === "None" ? ["cross-subnet: ICMP", "cross-subnet: TCP", "cross-subnet: full-MTU"] : [],
      );
    });

    if (started.has(encapsulation)) return;
    started.add(encapsulation);
    it(`${encapsulation}: a node looks like the twin's node`, async () => {
      twin ??= new TwinUnderTest(kindFor(encapsulation));
      await restartSystemPods(lab); // they were made before the switch, and keep their MTU
      assert.deepEqual(await differencesFromTwin(lab, twin), []);
    });

    it(`${encapsulation}: Services answer by ClusterIP, by NodePort with both policies, and by name`, async () => {
      assert.deepEqual(await serviceDisagreements(lab), []);
    });
  });

  it("mtu-too-big in VXLAN: full-MTU fails in the tunnel, and works again when the fault is removed", async () => {
    await up({ encapsulation: "VXLAN", faults: ["mtu-too-big"] });
    await restartPods(lab);
    assert.deepEqual(failingPaths(lab.plan), ["same-subnet: full-MTU", "cross-subnet: full-MTU"]);
    assert.deepEqual(await disagreements(lab), []);
    await up({ encapsulation: "VXLAN" });
    await restartPods(lab);
    assert.deepEqual(await disagreements(lab), []);
  });

  it("node-as-32 in VXLANCrossSubnet: every path between nodes goes through the tunnel", async () => {
    await up({ encapsulation: "VXLANCrossSubnet", faults: ["node-as-32"] });
    assert.deepEqual(await disagreements(lab), []);
    const peer = lab.plan.nodes[1] as LabPlan["nodes"][number];
    assert.match(lab.machines.on("cp1", "ip route"), /via \S+ dev vxlan.calico/);
    assert.doesNotMatch(lab.machines.on("cp1", "ip route"), new RegExp(`via ${peer.address} dev eth0`));
    await up({ encapsulation: "VXLANCrossSubnet" });
    assert.match(lab.machines.on("cp1", "ip route"), new RegExp(`via ${peer.address} dev eth0`));
    assert.deepEqual(await disagreements(lab), []);
  });

  it("from VXLAN without BIRD to None in one up: the rollout ends before the pool changes, and pods keep working", async () => {
    await up({ encapsulation: "VXLAN", bgp: "Disabled" });
    assert.deepEqual(await disagreements(lab), []);
    const { pod } = lab.plan.mtu;
    await up({ encapsulation: "None" });
    const ready = "jsonpath={.status.numberReady} {.status.updatedNumberScheduled}";
    const counts = await lab.kubectl(["get", "daemonset", "calico-node", "-n", "kube-system", "-o", ready]);
    assert.equal(counts, `${NODES.length} ${NODES.length}`);
    assert.deepEqual(await disagreements(lab, lab.plan, pod), []);
    await up({ encapsulation: "VXLAN" });
  });

  it("closed TCP 179 in VXLAN: calico-node is not ready, but every path works", async () => {
    // The fault `bgp-blocked` needs a cloud's security group. A filter on the nodes replaces it here.
    const rule = "INPUT -p tcp -m multiport --ports 179 -j DROP";
    for (const name of NODES) lab.machines.on(name, `iptables -I ${rule}`);
    try {
      const node = lab.plan.nodes[0] as LabPlan["nodes"][number];
      const pod = await calicoNodeOn(lab, node.name);
      await lab.kubectl(["delete", "pod", "-n", "kube-system", "-l", "k8s-app=calico-node", "--wait=true"]);
      await lab.kubectl([
        "wait",
        "-n",
        "kube-system",
        "--for=jsonpath={.status.phase}=Running",
        "pod",
        "-l",
        "k8s-app=calico-node",
        "--timeout=120s",
      ]);
      assert.notEqual(await calicoNodeOn(lab, node.name), pod);
      assert.deepEqual(await disagreements(lab), []);
      const probe = [
        "exec",
        "-n",
        "kube-system",
        await calicoNodeOn(lab, node.name),
        "-c",
        "calico-node",
        "--",
      ];
      const said = await lab
        .kubectl([...probe, "calico-node", "-bird-ready"])
        .catch((error) => `${error.stdout}`);
      assert.match(said, /BIRD is not ready: BGP not established with 10\.0\./);
    } finally {
      for (const name of NODES) lab.machines.on(name, `iptables -D ${rule}`);
    }
    await lab.kubectl(["rollout", "status", "-n", "kube-system", "daemonset/calico-node", "--timeout=180s"]);
  });

  it("resets a pool that was changed by hand to the config", async () => {
    await up({ encapsulation: "VXLAN" });
    const patch = JSON.stringify({ spec: { vxlanMode: "CrossSubnet" } });
    await lab.kubectl(["patch", "ippools", POOL, "--type=merge", "-p", patch]);
    await up({ encapsulation: "None" });
    const mode = await lab.kubectl(["get", "ippools", POOL, "-o", "jsonpath={.spec.vxlanMode}"]);
    assert.equal(mode, "Never");
  });

  it(`refuses IPIP with one sentence that says why${hasIpip() ? " (skipped: this kernel has ipip)" : ""}`, async function () {
    if (hasIpip()) return this.skip();
    lab.on(NODES, { encapsulation: "IPIP" });
    const { status, output } = await lab.pulumi("up");
    assert.notEqual(status, 0);
    assert.match(
      output,
      /the kernel of cp1 \(\S+\) has no 'ipip'\..* an encapsulation without it \(VXLAN, VXLANCrossSubnet, None\)/,
    );
    const mode = await lab.kubectl(["get", "ippools", POOL, "-o", "jsonpath={.spec.ipipMode}"]);
    assert.equal(mode, "Never", "the pool is unchanged");
  });

  it("leaves the machines unchanged after a destroy", async () => {
    await lab.destroy();
    for (const name of NODES) assert.deepEqual(lab.changes(name), [], name);
  });
});

/** The study pods that still have the old MTU, according to `up`. Kubernetes' own pods are not included. */
async function podsToRestart(lab: HostsLab): Promise<string[]> {
  const { podsToRestart } = (await lab.outputs()) as unknown as { podsToRestart: string[] };
  return podsToRestart.filter((line) => line.startsWith("default/")).sort();
}
const named = ({ name, node }: Pod): string => `default/${name} on ${node}`;

const calicoNodeOn = (lab: HostsLab, node: string): Promise<string> =>
  lab.kubectl([
    ...["get", "pods", "-n", "kube-system", "-l", "k8s-app=calico-node", "-o", "name"],
    `--field-selector=spec.nodeName=${node}`,
  ]);

/** What a user sees on a node of the lab but not on the twin's node, or the other way round. */
async function differencesFromTwin(lab: HostsLab, twin: TwinUnderTest): Promise<string[]> {
  const { encapsulation } = lab.plan;
  const plan = planLab(parseConfig({ encapsulation }));
  await twin.bring(plan);
  await twin.observe(plan);
  const real: Named = { blocks: new Map(), tunnelAddresses: new Map() };
  const model: Named = {
    blocks: new Map(plan.nodes.map(({ name, block }) => [name, [block]])),
    tunnelAddresses: new Map(plan.nodes.map(({ name, tunnelAddress }) => [name, tunnelAddress])),
  };
  await readNames(lab, real);
  const onTwin = (node: string, line: string) =>
    twin.run(`ip netns exec ${node} bash -c ${JSON.stringify(line).replaceAll("$", "\\$")}`);
  const found: string[] = [];
  for (const node of plan.nodes) {
    const cluster = await lookAt(async (name, line) => lab.machines.on(name, line), plan, node, real);
    const played = await lookAt(onTwin, plan, node, model);
    for (const topic of TOPICS) {
      const only = (mine: readonly string[], other: readonly string[]) =>
        mine.filter((line) => !other.includes(line));
      found.push(
        ...only(cluster[topic], played[topic]).map((line) => `${node.name}, ${topic}, cluster: ${line}`),
      );
      found.push(
        ...only(played[topic], cluster[topic]).map((line) => `${node.name}, ${topic}, twin: ${line}`),
      );
    }
  }
  return found;
}

async function readNames(lab: HostsLab, { blocks, tunnelAddresses }: Named): Promise<void> {
  for (const line of (await lab.blocks()).split("\n")) {
    const [block = "", node = ""] = line.split(" ");
    (blocks as Map<string, string[]>).set(node, [...(blocks.get(node) ?? []), block]);
  }
  const annotation =
    'jsonpath={range .items[*]}{.metadata.name}{" "}{.metadata.annotations.projectcalico\\.org/IPv4VXLANTunnelAddr}{"\\n"}{end}';
  for (const line of (await lab.kubectl(["get", "nodes", "-o", annotation])).split("\n")) {
    const [node = "", address] = line.split(" ");
    if (address) (tunnelAddresses as Map<string, string>).set(node, address);
  }
}
