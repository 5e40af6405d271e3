/** Reflectors and a router that speaks BGP on the twin, from one lab to the next in place: verdict = observation. */
import assert from "node:assert/strict";
import { BGP_SELECTION, EXCHANGES } from "../../support/bgp-cases";
import { planOf } from "../../support/problems";
import { TwinUnderTest, withTwin } from "../../support/twin";
import { play } from "../../support/twin-play";

describe("a twin whose nodes have reflectors or a router as BGP peers, changed in place", function () {
  this.timeout(60_000);
  const twin = new TwinUnderTest("namespaces");
  after(() => twin.stop());

  for (const { title, config } of BGP_SELECTION)
    it(`does what the verdict says: ${title}`, async () => {
      await play(twin, { title, plan: planOf(config) });
    });
});

describe("the router's BIRD", function () {
  this.timeout(60_000);

  it("shows the nodes as peers, is missed when it is gone, comes back with the next up, and ends with podRoutes", async () => {
    await withTwin(async (twin) => {
      const plan = planOf({ encapsulation: "None", ...EXCHANGES["a router of the same AS"] });
      const { sessionsDown } = await play(twin, { title: "a router", plan });
      assert.deepEqual(sessionsDown, {});
      const shown = await twin.on("w1", "calicoctl node status");
      assert.match(shown, /\| 10\.0\.3\.1 +\| node specific +\| up +\|/);
      assert.match(
        await twin.on("router", "ip route"),
        /172\.16\.0\.64\/26 via 10\.0\.3\.11 dev eth0 proto bird/,
      );
      assert.deepEqual(await twin.bring(plan), {}, "nothing is to be done");
      await twin.run(
        "kill -9 $(< /run/bird/router.pid); while [[ -e /proc/$(< /run/bird/router.pid)/fd/0 ]]; do :; done",
      );
      assert.ok("network" in (await twin.bring(plan)));
      await play(twin, { title: "a router again", plan });
      const without = planOf({ encapsulation: "None" });
      await play(twin, { title: "no router", plan: without });
      assert.doesNotMatch(await twin.on("router", "ip route"), /proto bird/);
      assert.equal((await twin.run("ls /run/bird")).includes("router"), false);
    });
  });
});
