/** Which probes a cluster gets, and what is believed of them, with a cluster that is played. */
import assert from "node:assert/strict";
import { type LabPlan, predict, probesOf, rowsOf } from "../../../components/plan";
import { Field } from "../../../components/study/cluster/field";
import { revisionOf, studyObjects } from "../../../components/study/cluster/manifest";
import { type Pod, placesOf } from "../../../components/study/cluster/places";
import { probeAll } from "../../../components/study/cluster/probes";
import { clusterSample } from "../../../components/study/cluster/sample";
import { compare } from "../../../components/study/observation";
import { idOf } from "../../../components/study/order";
import { planOf, type RawConfig } from "../../support/problems";
import { labOfSize } from "../../support/sizes";

const ON_HOSTS = { cloud: "hosts", hosts: { machines: "containers" } };
const NOTHING = { notConverged: [], sessions: {}, captures: {} };

/** A cluster whose pods have the plan's addresses. `answers` says whether a command is answered, at which attempt. */
function played(plan: LabPlan, answers: (where: string, command: string, attempt: number) => boolean) {
  const attempts = new Map<string, number>();
  const names = [
    ...plan.nodes.map(({ name }) => name),
    ...clusterSample(plan, true).pairs.map(({ from }) => from.name),
  ];
  const ready = new Map(
    names.map((name) => [
      name,
      { name, namespace: "encaplab-study", pod: name, container: "study", address: "" },
    ]),
  );
  const run = async ({ pod }: { pod: string }, [, , script = ""]: string[]) => {
    const commands = [...script.matchAll(/^p (\d+) '(.*)' &$/gm)].map(
      ([, i, text = ""]) => [i, text.replaceAll("'\\''", "'")] as const,
    );
    const lines = commands.map(([i, command]) => {
      // The window is longer in the second attempt.
      const [, destination = command] = /(\d+\.\d+\.\d+\.\d+\S*)/.exec(command) ?? [];
      const [program] = command.replace(/^timeout \d+ /, "").split(" ");
      const key = `${pod} ${program} ${/-s \d+|(?<=study\/ask \S+ )\d+/.exec(command)} ${destination}`;
      const attempt = (attempts.get(key) ?? 0) + 1;
      attempts.set(key, attempt);
      return `@encaplab@${i} ${answers(pod, command, attempt) ? 0 : 1}\n\n`;
    });
    return { code: 0, output: lines.join("") };
  };
  const field = new Field({ run }, { ready, missing: new Map() });
  const { pairs } = clusterSample(plan, false);
  const reaching = Promise.resolve(
    new Set(pairs.flatMap((pair) => probesOf(pair).map((probe) => idOf(pair, probe)))),
  );
  return { field, args: { plan, real: plan, pairs, internet: "1.1.1.1", reaching } };
}

const observed = async (plan: LabPlan, answers: Parameters<typeof played>[1]) => {
  const { field, args } = played(plan, answers);
  const results = await probeAll(field, args);
  const seen = compare(plan, { ...NOTHING, results }, new Date(), clusterSample(plan, false), "the cluster");
  return { seen, results, field };
};

describe("the probes of a cluster", () => {
  const plan = planOf({ ...ON_HOSTS, encapsulation: "VXLAN" });

  it("agree with the verdict where every command is answered, with one measurement each", async () => {
    const { seen, field } = await observed(plan, () => true);
    assert.deepEqual(seen.disagreements, []);
    const ids = field.evidence.flatMap(({ probe }) => probe ?? []);
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(seen.rows.every(({ observed: outcome }) => outcome === "works"));
  });

  it("are sent again, for longer, before one that should work is believed to fail", async () => {
    const { seen } = await observed(plan, (where, _command, attempt) => where !== "w1-1" || attempt > 1);
    assert.deepEqual(seen.disagreements, []);
    const lost = await observed(plan, (where) => where !== "w1-1");
    assert.equal(lost.seen.agrees, false);
    assert.ok(lost.seen.disagreements.every((text) => text.startsWith("w1-1 > ")));
  });

  it("forget between the rounds what the nodes' connection tracking knows of tunnels, and nothing of others", async () => {
    const { field } = await observed(plan, () => true);
    const forgets = field.evidence.filter(({ command }) => command.startsWith("conntrack"));
    assert.ok(forgets.some(({ command }) => command === "conntrack -D -p udp --dport 4789"));
    const others = forgets.filter(({ command }) => !/-p 4$|--dport 4789$|-[sd] 172\.16\./.test(command));
    assert.deepEqual(others, []);
  });

  it("say nothing about the internet where the node itself does not reach it, nor about a pod that does not run", async () => {
    const { field, args } = played(plan, () => true);
    const results = await probeAll(field, { ...args, reaching: Promise.resolve(new Set<string>()) });
    assert.ok(
      Object.entries(results).every(
        ([id, { unmeasured }]) => id.includes(">internet:") === (unmeasured === true),
      ),
    );
    const dead = new Field(
      { run: async () => ({ code: undefined, output: "no answer within 20 s\n" }) },
      { ready: new Map(), missing: new Map([["w3-1", "the node w3 is not ready"]]) },
    );
    const none = await probeAll(dead, args);
    assert.ok(Object.values(none).every(({ unmeasured }) => unmeasured));
    const seen = compare(
      plan,
      { ...NOTHING, results: none },
      new Date(),
      clusterSample(plan, false),
      "the cluster",
    );
    assert.deepEqual([...new Set(seen.rows.map(({ observed: outcome }) => outcome))], ["not measured"]);
  });

  it("do not call it a disagreement where a cloud's stateful group may only have let an answer through", async () => {
    const onAws = planOf({ cloud: "aws", encapsulation: "VXLAN", faults: ["vxlan-blocked"] });
    const { seen, results } = await observed(onAws, () => true);
    const { rowOf } = rowsOf(onAws);
    const { pairs } = clusterSample(onAws, false);
    for (const pair of pairs.filter((one) => rowOf(one).key === "cross-subnet"))
      assert.match(results[idOf(pair, "ICMP")]?.detail ?? "", /not measured from cold.*calico#1996/);
    assert.ok(
      seen.rows.some(({ observed: outcome, path }) => path === "cross-subnet" && outcome === "not measured"),
    );
  });

  it("do call it one where no group is in between", async () => {
    const none = planOf({ ...ON_HOSTS, encapsulation: "None" });
    const { seen } = await observed(none, () => true);
    assert.ok(
      seen.disagreements.some((text) => /cross-subnet, ICMP\): predicted fails, observed works/.test(text)),
    );
  });
});

describe("the pairs of a cluster", () => {
  it("are all between one pod on each node and a second one on the first, with every row of the verdict", () => {
    const raw: RawConfig[] = [
      { ...ON_HOSTS, encapsulation: "VXLANCrossSubnet" },
      { cloud: "aws", faults: [{ fault: "vxlan-blocked", nodes: ["w2"] }] },
    ];
    for (const plan of raw.map(planOf)) {
      const { pairs, of } = clusterSample(plan, false);
      assert.equal(pairs.length, of);
      const { rows, rowOf } = rowsOf(plan);
      assert.deepEqual(new Set(pairs.map((pair) => rowOf(pair).key)), new Set(rows.map(({ key }) => key)));
      const senders = new Set(pairs.flatMap(({ from }) => (from.name === from.node ? [] : [from.name])));
      assert.deepEqual(
        [...senders].sort(),
        ["cp1-1", "cp1-2", ...plan.nodes.slice(1).map(({ name }) => `${name}-1`)].sort(),
      );
      for (const pair of pairs) for (const probe of probesOf(pair)) predict(plan, pair, probe);
    }
  });

  it("are a sample of 100 nodes in which each node sends to some and receives from some, in both directions, and says so", () => {
    const plan = labOfSize(100);
    const { pairs, of } = clusterSample(plan, false);
    const between = pairs.filter(({ path }) => path === "same-subnet" || path === "cross-subnet");
    assert.ok(between.length >= 1000 && between.length <= 1500, `${between.length}`);
    const directions = new Set(
      between.map(({ from, to }) => `${from.node} ${"node" in to ? to.node.name : ""}`),
    );
    for (const direction of directions) assert.ok(directions.has(direction.split(" ").reverse().join(" ")));
    const seen = compare(plan, { ...NOTHING, results: {} }, new Date(), { pairs, of }, "the cluster");
    assert.deepEqual(seen.sample, { pairs: pairs.length, of });
    assert.equal(clusterSample(plan, true).pairs.length, of);
  });
});

describe("the study's objects in a cluster", () => {
  const plan = planOf({ ...ON_HOSTS, encapsulation: "VXLAN" });
  const objects = studyObjects(plan, "tools:1");
  // biome-ignore lint/suspicious/noExplicitAny: objects of every kind
  const pods = objects.flatMap((object: any) => (object.spec?.template ? [object] : []));

  it("are in a namespace of their own, labelled for `lab switch --restart-pods`", () => {
    assert.equal(objects[0]?.kind, "Namespace");
    for (const { metadata } of objects) {
      assert.equal(metadata.labels?.["app.kubernetes.io/part-of"], "encaplab-study");
      assert.equal(metadata.namespace ?? metadata.name, "encaplab-study");
    }
  });

  it("can write to /tmp and nowhere else, because iperf3 has a file for each stream", () => {
    for (const { spec } of pods) {
      const { containers, volumes } = spec.template.spec;
      assert.equal(containers[0].securityContext.readOnlyRootFilesystem, true);
      const writable = containers[0].volumeMounts.filter((mount: { readOnly?: boolean }) => !mount.readOnly);
      assert.deepEqual(writable, [{ name: "tmp", mountPath: "/tmp" }]);
      assert.ok(
        volumes.some(
          (volume: { name: string; emptyDir?: object }) => volume.name === "tmp" && volume.emptyDir,
        ),
      );
    }
  });

  it("have no privileges, but for the pods that look at the nodes' network", () => {
    for (const { metadata, spec } of pods) {
      const [{ securityContext: inside }] = spec.template.spec.containers;
      const { hostNetwork = false, securityContext: outside } = spec.template.spec;
      assert.deepEqual(inside.capabilities.drop, ["ALL"]);
      assert.equal(inside.allowPrivilegeEscalation, false);
      assert.equal(outside.seccompProfile.type, "RuntimeDefault");
      assert.equal(hostNetwork, metadata.name === "study-node");
      if (!hostNetwork) assert.deepEqual([outside.runAsNonRoot, inside.capabilities.add], [true, undefined]);
    }
  });

  it("are made anew for another MTU or image, and not for another encapsulation of the same MTU", () => {
    const of = (encapsulation: string, image = "tools:1") =>
      revisionOf(planOf({ ...ON_HOSTS, encapsulation }), image);
    assert.equal(of("VXLAN"), of("VXLANCrossSubnet"));
    assert.notEqual(of("VXLAN"), of("None"));
    assert.notEqual(of("VXLAN"), of("VXLAN", "tools:2"));
  });

  it("are usable where a pod of the current revision is ready, and else there is a reason", () => {
    const revision = "r1";
    const pod = (node: string, app: string, more: Partial<Pod["status"]> = {}, own = revision): Pod => ({
      metadata: { name: `${app}-${node}`, labels: { app }, annotations: { "encaplab/revision": own } },
      spec: { nodeName: node },
      status: { podIP: "172.16.0.9", conditions: [{ type: "Ready", status: "True" }], ...more },
    });
    const node = (name: string, status = "True") => ({
      metadata: { name },
      status: { conditions: [{ type: "Ready", status, message: "Kubelet stopped posting node status." }] },
    });
    const waiting = {
      conditions: [],
      containerStatuses: [{ state: { waiting: { reason: "ImagePullBackOff", message: "no such host" } } }],
    };
    const nodes = [node("cp1"), node("w1"), node("w2", "Unknown")];
    const there = [
      pod("cp1", "study"),
      pod("cp1", "study-node", {}, "old"),
      pod("w1", "study", waiting),
      pod("w1", "study-node"),
      pod("w2", "study"),
    ];
    const { ready, missing, final } = placesOf(plan, {
      pods: there.filter((one) => one.spec.nodeName !== "w2"),
      nodes,
      revision,
    });
    assert.deepEqual([...ready.keys()].sort(), ["cp1-1", "w1"]);
    assert.match(missing.get("w1-1") ?? "", /did not start: ImagePullBackOff: no such host/);
    assert.match(missing.get("w2-1") ?? "", /the node w2 is not ready: Kubelet stopped posting/);
    assert.match(missing.get("w3") ?? "", /the cluster has no node w3/);
    assert.equal(final, false, "cp1's pod of the new revision is still to come");
  });
});
