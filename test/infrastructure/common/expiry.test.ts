import assert from "node:assert/strict";
import * as fc from "fast-check";
import { expiryOf, overdue } from "../../../components/infrastructure/common/expiry";
import { beginning } from "../../../components/infrastructure/common/providers";

describe("the recorded beginning of a lab", () => {
  it("does not change at a preview or an update", async () => {
    const begun = await beginning.create({});
    assert.ok(Math.abs(Date.parse(begun.started) - Date.now()) < 60_000);
    assert.match(begun.owner, /^[\w.@+-]{1,60}$/);
    assert.equal(await beginning.changed({}, begun), false);
    assert.deepEqual(await beginning.update({}, begun), begun);
  });

  it("has an id of its own, which a lab of an earlier version gets at its next up", async () => {
    const [one, two] = await Promise.all([beginning.create({}), beginning.create({})]);
    assert.match(one.lab, /^[0-9a-f]{12}$/);
    assert.notEqual(one.lab, two.lab);
    const former = { started: "2026-01-01T00:00:00.000Z", owner: "ada" } as typeof one;
    assert.equal(await beginning.changed({}, former), true);
    const { lab, ...rest } = await beginning.update({}, former);
    assert.match(lab, /^[0-9a-f]{12}$/);
    assert.deepEqual(rest, former);
  });
});

describe("a lab's expiry", () => {
  it("is computed from hours or days, in UTC to the second", () => {
    assert.equal(expiryOf("2026-02-27T20:30:00.123Z", "8h"), "2026-02-28T04:30:00Z");
    assert.equal(expiryOf("2026-02-27T20:30:00.123Z", "3d"), "2026-03-02T20:30:00Z");
  });

  it("has passed exactly when the current time is later", () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true, min: new Date(0), max: new Date("2100-01-01") }), (now) => {
        const expiry = expiryOf("2026-01-01T00:00:00Z", "8h");
        assert.equal(overdue(expiry, now.getTime()) === undefined, now.getTime() <= Date.parse(expiry));
      }),
    );
  });

  it("warns with how long the lab has been overdue, and names pulumi destroy and ttl", () => {
    const said = (now: string) => overdue("2026-01-01T00:00:00Z", Date.parse(now));
    assert.match(said("2026-01-01T05:10:00Z") ?? "", /overdue for 5 h .*pulumi destroy.*ttl/);
    assert.match(said("2026-01-04T05:00:00Z") ?? "", /overdue for 3 days/);
    assert.equal(said("2026-01-01T00:00:00Z"), undefined);
  });
});
