/**
 * An AWS stack that is rehearsed in node containers, which the stack itself makes, with routes to the pods: as a user has
 * it, on EC2's rules, and gone after a destroy.
 */
import assert from "node:assert/strict";
import type { Encapsulation } from "../../components/config";
import { needsContainers } from "../support/containers";
import { controlGroups } from "../support/control-groups";
import { hostChanges, hostState } from "../support/host-state";
import { touched } from "../support/lab";
import { MachinesLab } from "../support/machines-lab";
import { disagreements, predicted, restartPods, servicesAnswer, startPods } from "../support/pods";
import type { RawConfig } from "../support/problems";
import { mentions } from "../support/sandbox";
import { onEc2, runningAs, SmallerLab } from "../support/smaller-lab";

const NODES = ["cp1", "w1", "w2"];
const ALL = [...NODES, "w3"];

/** @param b the nodes in the second subnet. */
const configWith = (b: readonly string[], encapsulation: Encapsulation): RawConfig =>
  onEc2(b, { encapsulation, podRoutes: true });

describe("a cluster in the stack's own containers", function () {
  this.timeout(600_000);
  let lab: MachinesLab;
  let host: string[];

  before(async function () {
    needsContainers(this);
    this.timeout(3_600_000); // Kubernetes may have to be built
    const config = configWith(["w2", "w3"], "None");
    host = hostState();
    lab = await MachinesLab.init("containers");
    lab.configure(config);
    await lab.upWithNodes();
  });
  after(() => lab?.end());

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

  it("has EC2's source/dest check on by the next up, in place, and off by the one after, as observed", async () => {
    const machines = () => ALL.flatMap((name) => runningAs(lab, name));
    const started = machines();
    assert.equal(started.length, ALL.length);
    const outcome = async (faults: RawConfig["faults"]) => {
      lab.configure({ ...configWith(["w2", "w3"], "None"), faults });
      const changed = touched(await lab.up());
      assert.ok(
        changed.includes("machines: update") && changed.every((line) => line.endsWith(": update")),
        changed.join(),
      );
      const { rows, disagreements: differing } = await lab.observe();
      assert.deepEqual(differing, []);
      const row = rows.find(({ path, probe }) => path === "same-subnet" && probe === "TCP");
      return row?.observed;
    };
    assert.deepEqual(await outcome(["source-dest-check"]), "fails");
    assert.deepEqual(await outcome([]), "works");
    assert.deepEqual(machines(), started, "no machine was switched off");
  });

  it("changes nothing in a second up, and each node's pool in a switch", async () => {
    assert.deepEqual(touched(await lab.up()), []);
    lab.configure(configWith(["w2", "w3"], "VXLAN"));
    assert.deepEqual(
      touched(await lab.up()),
      // The machines, because the group needs other rules.
      [
        "blocks-cp1",
        "machines",
        ...ALL.map((name) => `node-${name}`),
        ...ALL.map((name) => `routes-${name}`),
      ].map((name) => `${name}: update`),
    );
    await restartPods(lab);
    assert.deepEqual(await disagreements(lab), []);
  });

  it("restarts a machine whose power failed, as the same node", async () => {
    const uid = () => lab.kubectl(["get", "node", "w2", "-o", "jsonpath={.metadata.uid}"]);
    const before = await uid();
    lab.container("kill", "w2");
    await lab.up();
    await lab.ready(...ALL);
    assert.equal(await uid(), before);
  });

  it("removes a node, and drains it even if the engine is killed between the machines' update and the drain", async () => {
    const smaller = new SmallerLab(lab, configWith(["w2"], "VXLAN"), "w3");
    await smaller.configure();
    await lab.killedAfter("machines", "group");
    assert.ok(runningAs(lab, "w3").length > 0, "its machine is still on");
    await smaller.comesUp(NODES);
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
