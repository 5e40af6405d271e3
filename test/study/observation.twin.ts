/** What an observation believes: the packets, and not the verdict. */
import assert from "node:assert/strict";
import { observe, twinProber } from "../../components/study";
import { planOf } from "../support/problems";
import { TwinUnderTest } from "../support/twin";

const SMALL = {
  fabric: "aws",
  encapsulation: "VXLAN",
  topology: [
    { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] },
    { name: "b", cidr: "10.0.4.0/24", nodes: ["w2"] },
  ],
};

/** What crosses nodes through the tunnel. */
const TUNNELLED = ["same-subnet", "cross-subnet", "node-to-pod", "pod-to-service", "client-to-nodeport"];

describe("an observation", function () {
  this.timeout(60_000);
  const twin = new TwinUnderTest("namespaces");
  after(() => twin.stop());
  const healthy = planOf(SMALL);
  const blocked = planOf({ ...SMALL, faults: ["vxlan-blocked"] });

  it("finds every packet that arrives although the verdict says that it is lost", async () => {
    await twin.bring(healthy);
    const seen = await observe(twinProber(twin.sandbox), blocked);
    const wrong = seen.rows.filter(({ agrees }) => !agrees);
    assert.deepEqual([...new Set(wrong.map(({ path }) => path))], TUNNELLED);
    assert.ok(wrong.every(({ outcome, observed }) => outcome === "fails" && observed === "works"));
  });

  it("finds every packet that is lost although the verdict says that it arrives", async () => {
    await twin.bring(blocked);
    const seen = await observe(twinProber(twin.sandbox), healthy);
    const wrong = seen.rows.filter(({ agrees }) => !agrees);
    assert.deepEqual([...new Set(wrong.map(({ path }) => path))], TUNNELLED);
    assert.ok(wrong.every(({ outcome, observed }) => outcome === "works" && observed === "fails"));
  });
});
