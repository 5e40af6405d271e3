/** What a killed run has left in a cloud: the next `up` completes, and a `down` leaves nothing. */
import assert from "node:assert/strict";
import { KILLED_CLOUDS } from "../support/killed-clouds";
import { KilledEngine } from "../support/killed-engine";
import type { Recorded } from "../support/mocks";

for (const { cloud, Model, afterKill, recordedLab, moment, kinds, refusals } of KILLED_CLOUDS)
  describe(`after an engine on ${cloud} was killed`, function () {
    this.timeout(60_000);
    let resources: Recorded[];
    let whole: number;
    before(async () => {
      resources = await recordedLab();
      const model = new Model();
      new KilledEngine(model, resources).up();
      whole = model.contents.length;
    });
    const stepOf = (kind: string): number => {
      const { steps } = new KilledEngine(new Model(), resources);
      const step = steps.findIndex(({ type }) => type.endsWith(`:${kind}`));
      assert.ok(step >= 0, kind);
      return step;
    };

    for (const [kind, refusal] of Object.entries(refusals))
      it(`an up without a look would meet what is there, and be refused as by ${cloud}: ${kind}`, () => {
        const engine = new KilledEngine(new Model(), resources);
        engine.up({ step: stepOf(kind), moment });
        assert.throws(() => engine.up(), refusal);
      });

    for (const kind of kinds)
      it(`an up builds the lab once, and a down leaves nothing: killed while it makes a ${kind}`, async () => {
        const kill = { step: stepOf(kind), moment };
        const up = await afterKill(resources, kill, "up");
        assert.ok(up.deleted.length > 0);
        assert.equal(up.contents.length, whole);
        assert.deepEqual((await afterKill(resources, kill, "down")).contents, []);
      });
  });
