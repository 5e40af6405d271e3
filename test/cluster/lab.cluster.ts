/**
 * A cluster in node containers that the stack itself makes, with routes to the pods: as a user has it, and gone after a
 * destroy.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { controlGroups, hostChanges, hostState } from "../support/containers";
import { build, builtCalico, hindrance, KUBERNETES, MachinesLab } from "../support/hosts";
import { disagreements, predicted, restartPods, servicesAnswer, startPods } from "../support/pods";
import type { RawConfig } from "../support/problems";
import { mentions, until } from "../support/sandbox";

const NODES = ["cp1", "w1", "w2"];
const configWith = (layer: string, b: string[]): RawConfig => ({
  cloud: "hosts",
  hosts: { machines: "containers", layer },
  encapsulation: "None",
  podRoutes: true,
  kubernetesVersion: KUBERNETES,
  ...builtCalico(),
  topology: [
    { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] },
    { name: "b", cidr: "10.0.4.0/24", nodes: b },
  ],
});

/** A pod on w3 that ends as soon as it is told to, which only its kubelet can report. */
const GUEST = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "guest" },
  spec: {
    nodeSelector: { "kubernetes.io/hostname": "w3" },
    containers: [
      {
        name: "guest",
        image: "encaplab.local/tools:1",
        imagePullPolicy: "IfNotPresent",
        command: ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1; done"],
      },
    ],
  },
};

describe("a cluster in the stack's own containers", function () {
  this.timeout(600_000);
  let lab: MachinesLab;
  let host: string[];
  let layer: string;
  const config = (b: string[] = ["w2"]) => configWith(layer, b);

  before(async function () {
    if (hindrance()) return this.skip();
    this.timeout(3_600_000); // Kubernetes may have to be built
    layer = build();
    host = hostState();
    lab = new MachinesLab("containers", await MachinesLab.engine());
    await lab.init();
    lab.configure(config());
    await lab.up();
    await lab.readKubeconfig();
    await lab.ready(...NODES);
  });
  after(async () => {
    await lab?.pulumi("destroy");
    lab?.clear();
  });

  it("has pods that reach each other on all nodes through the router's routes, and Services that answer", async () => {
    const expected = predicted(lab.plan);
    assert.ok(
      expected.every((line) => line.endsWith("works")),
      expected.join("\n"),
    );
    await startPods(lab);
    assert.deepEqual(await disagreements(lab), []);
    await servicesAnswer(lab);
  });

  it("changes nothing in a second up, and each node's pool in a switch", async () => {
    assert.deepEqual(MachinesLab.touched(await lab.up()), []);
    lab.configure({ ...config(), encapsulation: "VXLAN" });
    assert.deepEqual(
      MachinesLab.touched(await lab.up()),
      ["blocks-cp1", ...NODES.map((name) => `node-${name}`), ...NODES.map((name) => `routes-${name}`)].map(
        (name) => `${name}: update`,
      ),
    );
    await restartPods(lab);
    assert.deepEqual(await disagreements(lab), []);
  });

  it("restarts a machine whose power failed, as the same node", async () => {
    const uid = () => lab.kubectl(["get", "node", "w2", "-o", "jsonpath={.metadata.uid}"]);
    const before = await uid();
    lab.container("kill", "w2");
    await lab.up();
    await lab.ready(...NODES);
    assert.equal(await uid(), before);
  });

  /** What exists of a node on this machine: its disk, its control groups, and the process that keeps it running. */
  function tracesOf(name: string): string[] {
    const folder = lab.containers as string;
    const paths = [
      path.join(folder, "nodes", name),
      ...controlGroups(folder).map((group) => path.join(group, name)),
    ];
    return [...paths.filter((one) => fs.existsSync(one)), ...runningAs(name)];
  }
  const runningAs = (name: string) => mentions(`containers/machine ${lab.containers} ${name} `);

  /** Adds w3 with a pod on it, and then takes w3 out of the config. */
  async function growThenConfigureLess(): Promise<void> {
    lab.configure(config(["w2", "w3"]));
    await lab.up();
    await lab.ready(...NODES, "w3");
    await lab.kubectl(["apply", "-f", "-"], JSON.stringify(GUEST));
    await lab.kubectl(["wait", "--for=condition=Ready", "--timeout=60s", "pod/guest"]);
    assert.ok(tracesOf("w3").length > 1);
    lab.configure(config());
  }

  /** Removes w3. Its drain can complete only while its machine is on. */
  async function shrink(): Promise<void> {
    const { output } = await lab.up();
    assert.match(output, /draining w3/);
    assert.doesNotMatch(output, /not all pods of w3 ended|w3 is not ready|not a node of the cluster/);
    await lab.ready(...NODES);
    assert.equal(await lab.kubectl(["get", "pods", "guest", "--ignore-not-found", "-o", "name"]), "");
    assert.deepEqual(tracesOf("w3"), []);
    assert.deepEqual(MachinesLab.touched(await lab.up()), []);
  }

  it("adds a node and removes it, draining it before its machine is removed", async () => {
    await growThenConfigureLess();
    await shrink();
  });

  it("drains a node even if the engine was killed between the machines' update and the drain", async () => {
    await growThenConfigureLess();
    const { ended, running, kill } = lab.begin();
    try {
      await until(() => !running() || lab.hasMade("machines"), 240_000);
      assert.ok(running(), "the engine ended before its moment");
    } finally {
      kill(true);
      await ended;
      await lab.cancel();
    }
    assert.ok(runningAs("w3").length > 0, "its machine is still on");
    await shrink();
  });

  it("is gone without a trace after destroy", async () => {
    const { containers } = lab;
    assert.ok(containers && controlGroups(containers).length > 0);
    await lab.destroy();
    assert.equal(lab.containers, undefined);
    assert.deepEqual(mentions(lab.stateHome), []);
    assert.deepEqual(controlGroups(containers), []);
    assert.deepEqual(await hostChanges(host), []);
  });
});
