/** Every moment at which an engine on a cloud can be killed. */
import assert from "node:assert/strict";
import * as aws from "../support/aws-killed";
import { Ec2Model } from "../support/ec2-model";
import { KilledEngine, MOMENTS } from "../support/killed-engine";
import { NeutronModel } from "../support/neutron-model";
import * as openstack from "../support/openstack-killed";

const CLOUDS = [
  { cloud: "AWS", Model: Ec2Model, ...aws },
  { cloud: "OpenStack", Model: NeutronModel, ...openstack },
];

for (const { cloud, Model, afterKill, recordedLab } of CLOUDS) {
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
