/** Every moment at which an engine on a cloud can be killed. */
import assert from "node:assert/strict";
import { KILLED_CLOUDS } from "../support/killed-clouds";
import { KilledEngine, MOMENTS } from "../support/killed-engine";

for (const { cloud, Model, afterKill, recordedLab } of KILLED_CLOUDS) {
  describe(`an engine on ${cloud}, killed at every step and moment`, function () {
    this.timeout(600_000);

    it("leaves nothing that the next up or down does not deal with", async () => {
      const resources = await recordedLab();
      const model = new Model();
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
}
