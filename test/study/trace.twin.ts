/** Traces beside real packets: at every device that a trace names, the twin shows the packet that was predicted. */
import assert from "node:assert/strict";
import { rowsOf, traceOf } from "../../components/plan";
import { formatTrace, twinFollower } from "../../components/study";
import { planOf } from "../support/problems";
import { followAll, TRACED_LABS, TRACED_TOPOLOGY } from "../support/traces";
import { TwinUnderTest } from "../support/twin";

describe("a trace beside the packets of the twin", function () {
  this.timeout(120_000);
  const twin = new TwinUnderTest("namespaces");
  after(() => twin.stop());
  const [healthy, faulty] = TRACED_LABS.map((raw) => planOf({ ...raw, topology: TRACED_TOPOLOGY }));
  assert.ok(healthy && faulty);

  for (const plan of [healthy, faulty]) {
    it(`shows at every device the packet that was predicted, on the ${plan.fabric} fabric`, async () => {
      await twin.bring(plan);
      await twin.observe(plan); // when it ends, the routes have converged
      const { contradicted, measured } = await followAll(twinFollower(twin.sandbox, plan));
      assert.equal(contradicted, "");
      assert.equal(measured, rowsOf(plan).rows.length);
    });
  }

  it("is contradicted where the twin is another lab than the trace's", async () => {
    const blocked = planOf({ ...TRACED_LABS[0], topology: TRACED_TOPOLOGY, faults: ["vxlan-blocked"] });
    await twin.bring(healthy);
    await twin.observe(healthy);
    const row = rowsOf(blocked).rows.find(({ pair }) => pair.path === "cross-subnet");
    assert.ok(row);
    const traced = traceOf(blocked, row.pair, "ICMP");
    const observed = await twinFollower(twin.sandbox, blocked).follow(traced, row.pair.to);
    assert.deepEqual([traced.outcome, observed.works, observed.agrees], ["fails", true, false]);
    assert.match(formatTrace(traced, {}, observed), /although it should be lost before/);
  });
});
