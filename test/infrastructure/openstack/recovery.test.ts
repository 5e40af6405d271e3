/** What a killed run has left on OpenStack: the next `up` completes, and a `down` leaves nothing. */
import assert from "node:assert/strict";
import { KilledEngine } from "../../support/killed-engine";
import type { Recorded } from "../../support/mocks";
import { NeutronModel } from "../../support/neutron-model";
import { afterKill, recordedLab } from "../../support/openstack-killed";

describe("after an engine on OpenStack was killed", function () {
  this.timeout(60_000);
  let resources: Recorded[];
  let whole: number;
  before(async () => {
    resources = await recordedLab();
    const model = new NeutronModel();
    new KilledEngine(model, resources).up();
    whole = model.contents.length;
  });
  const stepOf = (kind: string): number => {
    const steps = new KilledEngine(new NeutronModel(), resources).steps;
    const step = steps.findIndex(({ type }) => type.endsWith(`:${kind}`));
    assert.ok(step >= 0, kind);
    return step;
  };

  it("an up without a look would meet what is there: the model refuses as OpenStack does", () => {
    const model = new NeutronModel();
    const engine = new KilledEngine(model, resources);
    engine.up({ step: stepOf("Port"), moment: "between" });
    assert.throws(() => engine.up(), /409: Port .* is the same/);
  });

  for (const kind of [
    "Network",
    "Subnet",
    "Router",
    "RouterInterface",
    "RouterRoute",
    "SecGroup",
    "SecGroupRule",
    "Keypair",
    "Port",
    "Instance",
    "FloatingIp",
  ])
    it(`an up builds the lab once, and a down leaves nothing: killed while it makes a ${kind}`, async () => {
      const kill = { step: stepOf(kind), moment: "between" } as const;
      const up = await afterKill(resources, kill, "up");
      assert.ok(up.deleted.length > 0);
      assert.equal(up.contents.length, whole);
      assert.deepEqual((await afterKill(resources, kill, "down")).contents, []);
    });
});
