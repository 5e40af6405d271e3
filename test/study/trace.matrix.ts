/** As trace.twin.ts, in more labs: those that need IP-in-IP boot a QEMU machine where this kernel has no ipip driver. */
import assert from "node:assert/strict";
import { rowsOf } from "../../components/plan";
import { twinFollower } from "../../components/study";
import { planOf } from "../support/problems";
import { followAll, TRACED_LABS, TRACED_TOPOLOGY } from "../support/traces";
import { kindFor, sharedMachine, TwinUnderTest } from "../support/twin";

describe("a trace beside the packets of the twin, in more labs", function () {
  this.timeout(600_000);
  const namespaces = new TwinUnderTest("namespaces");
  const machine = sharedMachine();
  after(() => namespaces.stop());

  for (const raw of TRACED_LABS.slice(2)) {
    it(`shows at every device the packet that was predicted: ${JSON.stringify(raw)}`, async () => {
      const plan = planOf({ ...raw, topology: TRACED_TOPOLOGY });
      const twin = kindFor(plan.encapsulation) === "machine" ? machine : namespaces;
      await twin.bring(plan);
      await twin.observe(plan);
      const { contradicted, measured } = await followAll(twinFollower(twin.sandbox, plan));
      assert.equal(contradicted, "");
      assert.equal(measured, rowsOf(plan).rows.length);
    });
  }
});
