/** The tests of real Calico on a cluster: every mode that can run here, every switch between two of them, and its faults. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import type { Encapsulation } from "../../components/config";
import { judgeSwitch, type LabPlan } from "../../components/plan";
import type { Observation } from "../../components/study";
import { TOOLS_IMAGE } from "./cluster-build";
import type { HostsLab } from "./hosts";
import { type Run, touched } from "./lab";
import {
  disagreements,
  failingPaths,
  type Pod,
  pods,
  restartPods,
  restartSystemPods,
  startPods,
} from "./pods";
import type { RawConfig } from "./problems";
import { skip } from "./skip";
import { kindFor, TwinUnderTest } from "./twin";
import { differencesFromTwin } from "./twin-beside-cluster";
import { assertFromNone } from "./watched-switch";

/** From VXLANCrossSubnet through each mode without IPIP. The other way round is in observe.matrix.ts. */
const SWITCHES: readonly Encapsulation[] = ["VXLAN", "None", "VXLANCrossSubnet"];
const POOL = "default-ipv4-ippool";
const CALICO_NODE = "k8s-app=calico-node";

const hasIpip = () =>
  spawnSync("unshare", ["--net", "ip", "link", "add", "probe", "type", "ipip", "remote", "192.0.2.1"])
    .status === 0;

/**
 * Defines the tests. Afterwards the cluster has another encapsulation than before.
 * @param names the machines: those of the twin's default topology.
 * @param labOf the cluster; it exists only while tests run.
 */
export function testCalico(names: readonly string[], labOf: () => HostsLab): void {
  let lab: HostsLab;
  let twin: TwinUnderTest | undefined;

  const up = (raw: RawConfig): Promise<Run> => {
    lab.on(names, raw);
    return lab.up();
  };

  /** Runs kubectl in the namespace of Calico. */
  const system = (...argv: string[]) =>
    lab.kubectl([...argv.slice(0, 1), "-n", "kube-system", ...argv.slice(1)]);
  const poolMode = (field: "ipipMode" | "vxlanMode") =>
    lab.kubectl(["get", "ippools", POOL, "-o", `jsonpath={.spec.${field}}`]);

  before(async () => {
    lab = labOf();
    lab.on(names, { encapsulation: "VXLANCrossSubnet" });
    await lab.upWithNodes();
    await startPods(lab);
  });
  after(() => twin?.stop());

  SWITCHES.forEach((encapsulation, i) => {
    testSwitch(names, labOf, SWITCHES[i - 1] ?? "VXLANCrossSubnet", encapsulation);

    it(`shows on a node in ${encapsulation} what the twin's node shows`, async () => {
      twin ??= new TwinUnderTest(kindFor(encapsulation));
      await lab.endStudy();
      await restartSystemPods(lab); // they were made before the switch, and keep their MTU
      assert.deepEqual(await differencesFromTwin(lab, twin), []);
    });

    it(`is observed in ${encapsulation} on every path as predicted, with its packets, devices and routes`, async () => {
      const seen = await lab.observe();
      assert.deepEqual([...seen.disagreements, ...seen.notConverged], []);
      assert.deepEqual(unmeasured(seen), []);
      const nodePorts = seen.checks?.filter(({ name }) => name.startsWith("NodePort ")) ?? [];
      assert.equal(nodePorts.length, names.length * 2 * 2, "from each node, two Services, two policies");
      const { packet = "", route = "" } = seen.wire.find(({ path }) => path === "cross-subnet") ?? {};
      const ping = /172\.16\.\d+\.\d+ > 172\.16\.\d+\.\d+: ICMP echo request/;
      if (encapsulation === "None") assert.match(packet, /^[^\n]*length 98: 172\.16\.[^\n]*$/);
      else
        assert.match(
          packet,
          /length 148: 10\.0\.3\.\d+\.\d+ > 10\.0\.4\.\d+\.4789: VXLAN.*vni 4096\n.*length 98: /,
        );
      assert.match(packet, ping);
      assert.match(route, encapsulation === "None" ? / dev eth0 / : / dev vxlan\.calico /);
    });
  });

  it("has every path in VXLAN while TCP 179 is closed, but calico-node is not ready", async () => {
    // The fault `bgp-blocked` needs a cloud's security group. A filter on the nodes replaces it here.
    const rule = "INPUT -p tcp -m multiport --ports 179 -j DROP";
    for (const name of names) lab.machines.on(name, `iptables -I ${rule}`);
    try {
      const node = lab.plan.nodes[0] as LabPlan["nodes"][number];
      const old = await calicoNodeOn(lab, node.name);
      await system("delete", "pod", "-l", CALICO_NODE, "--wait=true");
      const running = "--for=jsonpath={.status.phase}=Running";
      await system("wait", running, "pod", "-l", CALICO_NODE, "--timeout=120s");
      const pod = await calicoNodeOn(lab, node.name);
      assert.notEqual(pod, old);
      const { rows, checks, disagreements: differing } = await lab.observe();
      assert.ok(
        rows.every(({ agrees }) => agrees),
        differing.join("\n"),
      );
      const ready = checks?.find(({ name }) => name === `calico-node on ${node.name}`);
      assert.match(
        ready?.explanation ?? "",
        /BIRD is not ready: BGP not established with 10\.0\..*w1: TCP 179 is not answered/,
      );
      assert.ok(differing.some((text) => /^BGP cp1 > 10\.0\..*predicted Established/.test(text)));
    } finally {
      for (const name of names) lab.machines.on(name, `iptables -D ${rule}`);
    }
    await system("rollout", "status", "daemonset/calico-node", "--timeout=180s");
  });

  it("resets a pool that was changed by hand to the config", async () => {
    const patch = JSON.stringify({ spec: { vxlanMode: "Never" } });
    await lab.kubectl(["patch", "ippools", POOL, "--type=merge", "-p", patch]);
    await up({ encapsulation: "VXLAN" });
    assert.equal(await poolMode("vxlanMode"), "Always");
  });

  it("measures itself in up, fails when verdict and observation disagree, and removes the study's pods with observe: false", async () => {
    const study = { image: TOOLS_IMAGE };
    const { outputs } = await up({ encapsulation: "VXLAN", observe: true, study });
    const { agrees, seen } = outputs.observation as {
      agrees: boolean;
      seen: Record<string, { ICMP: string }>;
    };
    assert.deepEqual([agrees, seen["cross-subnet"]?.ICMP], [true, "12/12 work"]);
    // Before Felix' own rules, which let VXLAN through.
    const chain = "{ type filter hook prerouting priority -500; }";
    const drop = `nft add table ip test && nft 'add chain ip test drops ${chain}' && nft add rule ip test drops udp dport 4789 drop`;
    lab.machines.on("w3", drop);
    try {
      // Another host outside: the cluster itself is unchanged, so an observation that agrees would be kept.
      lab.on(names, { encapsulation: "VXLAN", observe: true, study: { ...study, internet: "1.0.0.1" } });
      const { output, outputs: after } = await lab.failed();
      assert.match(
        output,
        /DISAGREEMENT between verdict and observation:[\s\S]*predicted works, observed fails/,
      );
      assert.equal((after.observation as { agrees: boolean }).agrees, false);
    } finally {
      lab.machines.on("w3", "nft delete table ip test");
    }
    assert.deepEqual(touched(await up({ encapsulation: "VXLAN" })), ["observation: delete"]);
    const { metadata } = JSON.parse(
      (await lab.kubectl(["get", "namespace", "encaplab-study", "-o", "json", "--ignore-not-found"])) || "{}",
    );
    assert.ok(!metadata || metadata.deletionTimestamp);
  });

  it("refuses IPIP with one sentence that says why", async function () {
    if (hasIpip()) skip(this, "this kernel has ipip");
    lab.on(names, { encapsulation: "IPIP" });
    assert.match(
      await lab.refused(),
      /the kernel of cp1 \(\S+\) has no 'ipip'\..* an encapsulation without it \(VXLAN, VXLANCrossSubnet, None\)/,
    );
    assert.equal(await poolMode("ipipMode"), "Never", "the pool is unchanged");
  });
}

/**
 * Defines the test of one switch: what it touches, and how pods fare that were made before it and after it.
 * @param before the encapsulation that the cluster has.
 */
export function testSwitch(
  names: readonly string[],
  labOf: () => HostsLab,
  before: Encapsulation,
  encapsulation: Encapsulation,
): void {
  it(`switches from ${before} to ${encapsulation}, and old and new pods reach each other as predicted`, async () => {
    const lab = labOf();
    const old = lab.plan;
    const change = () => {
      lab.on(names, { encapsulation });
      return lab.up();
    };
    const run = before === "None" ? await watched(lab, change) : await change();
    assert.deepEqual(
      touched(run),
      ["blocks-cp1", POOL, ...names.map((name) => `routes-${name}`)].map((name) => `${name}: update`),
      "only the IPPool and the waits for it change; no Calico pod restarts",
    );
    const living = judgeSwitch(old, lab.plan);
    assert.equal(living !== undefined, old.mtu.pod !== lab.plan.mtu.pod);
    assert.deepEqual(
      await disagreements(lab, lab.plan, old.mtu.pod),
      [],
      "pods that were made before the switch",
    );
    assert.deepEqual(podsToRestart(run), living ? (await pods(lab)).map(named).sort() : []);
    if (living) await restartPods(lab);
    assert.deepEqual(
      failingPaths(lab.plan),
      encapsulation === "None" ? ["cross-subnet: ICMP", "cross-subnet: TCP", "cross-subnet: full-MTU"] : [],
    );
  });
}

/** A switch from None is the one that loses most: it is watched, and what is seen of it asserted. */
async function watched(lab: HostsLab, change: () => Promise<Run>): Promise<Run> {
  let run: Run | undefined;
  const seen = await lab.watched(async () => {
    run = await change();
  });
  assertFromNone(seen);
  return run as Run;
}

/** The rows of which nothing was measured. Node containers may have no internet. */
const unmeasured = ({ rows }: Observation): string[] =>
  rows.flatMap(({ path, probe, observed }) =>
    observed === "not measured" && path !== "pod-to-internet" ? [`${path}: ${probe}`] : [],
  );

/** The study pods that still have the old MTU, according to `up`. Kubernetes' own pods are not included. */
const podsToRestart = ({ outputs }: Run): string[] =>
  (outputs.podsToRestart as string[]).filter((line) => line.startsWith("default/")).sort();
const named = ({ name, node }: Pod): string => `default/${name} on ${node}`;

const calicoNodeOn = (lab: HostsLab, node: string): Promise<string> =>
  lab.kubectl([
    ...["get", "pods", "-n", "kube-system", "-l", CALICO_NODE, "-o", "name"],
    `--field-selector=spec.nodeName=${node}`,
  ]);
