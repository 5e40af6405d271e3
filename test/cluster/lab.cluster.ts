/** A cluster in node containers that the stack makes by itself, with routes to the pods: as a user has it, and gone with it. */
import assert from "node:assert/strict";
import { controlGroups, hostChanges, hostState } from "../support/containers";
import { build, hindrance, KUBERNETES, MachinesLab } from "../support/hosts";
import { observed, predicted, servicesAnswer, startPods } from "../support/pods";
import type { RawConfig } from "../support/problems";
import { mentions } from "../support/realm";

const NODES = ["cp1", "w1", "w2"];
const config = (b: string[] = ["w2"]): RawConfig => ({
  cloud: "hosts",
  hosts: { machines: "containers" },
  encapsulation: "None",
  podRoutes: true,
  kubernetesVersion: KUBERNETES,
  calico: { install: "none" },
  topology: [
    { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] },
    { name: "b", cidr: "10.0.4.0/24", nodes: b },
  ],
});

describe("a cluster in containers of the stack's own", function () {
  this.timeout(600_000);
  let lab: MachinesLab;
  let host: string[];

  before(async function () {
    if (hindrance()) return this.skip();
    this.timeout(3_600_000); // Kubernetes may have to be built
    const layer = build();
    host = hostState();
    lab = new MachinesLab("containers", await MachinesLab.engine(), { ENCAPLAB_NODE_LAYER: layer });
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

  it("has pods that meet on all nodes, for its router knows their blocks, and Services that answer", async () => {
    const expected = predicted(lab.plan);
    assert.ok(
      expected.every((line) => line.endsWith("works")),
      expected.join("\n"),
    );
    await startPods(lab);
    assert.deepEqual(await observed(lab), expected);
    await servicesAnswer(lab);
  });

  it("changes nothing the second time, and each node's pool in a switch", async () => {
    assert.deepEqual(MachinesLab.touched(await lab.up()), []);
    lab.configure({ ...config(), encapsulation: "VXLAN" });
    assert.deepEqual(
      MachinesLab.touched(await lab.up()),
      NODES.map((name) => `node-${name}: update`),
    );
  });

  it("gets back a machine whose power failed, as the same node", async () => {
    const uid = () => lab.kubectl(["get", "node", "w2", "-o", "jsonpath={.metadata.uid}"]);
    const before = await uid();
    lab.container("kill", "w2");
    await lab.up();
    await lab.ready(...NODES);
    assert.equal(await uid(), before);
  });

  it("grows and shrinks by a node", async () => {
    lab.configure({ ...config(["w2", "w3"]) });
    await lab.up();
    await lab.ready(...NODES, "w3");
    lab.configure(config());
    await lab.up();
    await lab.ready(...NODES);
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
