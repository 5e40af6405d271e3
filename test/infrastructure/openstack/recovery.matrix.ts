/** Every moment at which an engine on OpenStack can be killed. */
import assert from "node:assert/strict";
import { KilledEngine, MOMENTS } from "../../support/killed-engine";
import { NeutronModel } from "../../support/neutron-model";
import { afterKill, recordedLab } from "../../support/openstack-killed";

describe("an engine on OpenStack, killed at every step and moment", function () {
  this.timeout(600_000);

  it("leaves nothing that the next up or down does not deal with", async () => {
    const resources = await recordedLab();
    const model = new NeutronModel();
    const { steps } = new KilledEngine(model, resources);
    new KilledEngine(model, resources).up();
    assert.ok(steps.length > 30);
    for (const [step, { type, name }] of steps.entries())
      for (const moment of MOMENTS) {
        const title = `${moment} ${type} ${name}`;
        const up = await afterKill(resources, { step, moment }, "up");
        assert.equal(up.contents.length, model.contents.length, title);
        assert.deepEqual((await afterKill(resources, { step, moment }, "down")).contents, [], title);
      }
  });
});
