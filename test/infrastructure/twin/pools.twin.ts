/** Several IPPools on the twin, from one lab to the next in place: verdict = observation. */
import assert from "node:assert/strict";
import { POOL_SELECTION } from "../../support/pool-cases";
import { planOf } from "../../support/problems";
import { TwinUnderTest, withTwin } from "../../support/twin";
import { play } from "../../support/twin-play";

describe("a twin with several IPPools, changed in place", function () {
  this.timeout(60_000);
  const twin = new TwinUnderTest("namespaces");
  after(() => twin.stop());

  for (const { title, config } of POOL_SELECTION)
    it(`does what the verdict says: ${title}`, async () => {
      await play(twin, { title, plan: planOf(config) });
    });
});

describe("a node of a twin with the pools None and VXLAN", function () {
  this.timeout(60_000);

  it("has a route to each block by the mode of its pool, and vxlan.calico only where a VXLAN pool selects it", async () => {
    await withTwin(async (twin) => {
      const apart = planOf(POOL_SELECTION[0]?.config ?? {});
      await play(twin, { title: "apart", plan: apart });
      assert.doesNotMatch(await twin.on("cp1", "ip route; ip link"), /vxlan\.calico/);
      assert.match(
        await twin.on("cp1", "ip route"),
        /172\.16\.0\.64\/26 via 10\.0\.3\.11 dev eth0 proto bird/,
      );
      assert.match(
        await twin.on("w2", "ip route"),
        /172\.16\.128\.64\/26 via 172\.16\.128\.64 dev vxlan\.calico/,
      );
      assert.match(await twin.on("w2", "ip route"), /172\.16\.0\.0\/26 via 10\.0\.4\.1 dev eth0 proto bird/);
      const shown = await twin.on("w2", "calicoctl get ippool -o wide");
      assert.match(
        shown,
        /^far +172\.16\.128\.0\/17 +true +Never +Always +false +kubernetes\.io\/hostname in \{ 'w2', 'w3' \}$/m,
      );
      const tunnels = planOf(POOL_SELECTION[1]?.config ?? {});
      await play(twin, { title: "with a pool for tunnels", plan: tunnels });
      assert.match(
        await twin.on("cp1", "ip route"),
        /172\.16\.128\.0\/26 via 172\.16\.128\.0 dev vxlan\.calico/,
      );
      assert.match(await twin.on("cp1", "ip address show vxlan.calico"), /inet 172\.17\.0\.0\/32/);
      await play(twin, { title: "back", plan: apart });
      assert.doesNotMatch(await twin.on("cp1", "ip route; ip link"), /vxlan\.calico/);
    });
  });
});
