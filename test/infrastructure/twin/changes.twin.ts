/** Whatever a twin was before: brought to a plan in place, it holds what a twin built from nothing holds. */
import assert from "node:assert/strict";
import { planOf } from "../../support/problems";
import { TwinUnderTest } from "../../support/twin";
import { play } from "../../support/twin-cases";
import { assertAsFresh, NAMESPACE_MODES, walkAtRandom } from "../../support/twin-changes";

describe("a switch in place ends where a fresh build does", function () {
  this.timeout(60_000);
  let twin: TwinUnderTest;
  before(() => {
    twin = new TwinUnderTest("namespaces");
  });
  after(() => twin.stop());

  for (const from of NAMESPACE_MODES) {
    for (const to of NAMESPACE_MODES.filter((one) => one !== from)) {
      it(`${from} > ${to}`, async () => {
        const plan = (encapsulation: typeof from) => planOf({ fabric: "openstack", encapsulation });
        await twin.bring(plan(from));
        await play(twin, { title: `${from} > ${to}`, plan: plan(to) });
        await assertAsFresh(twin, plan(to), `${from} > ${to}`);
      });
    }
  }
});

describe("BIRD through a switch", function () {
  this.timeout(60_000);

  /** Each BGP session of w1 with the moment since which it is up. */
  const sessions = async (twin: TwinUnderTest) =>
    (await twin.run("birdc -s /run/bird/w1.ctl show protocols"))
      .split("\n")
      .filter((line) => line.startsWith("Mesh_"));

  it("keeps every BGP session from VXLAN to None and back", async () => {
    const twin = new TwinUnderTest("namespaces");
    try {
      const seen: string[][] = [];
      for (const encapsulation of ["VXLAN", "None", "VXLANCrossSubnet"]) {
        await play(twin, { title: encapsulation, plan: planOf({ fabric: "aws", encapsulation }) });
        seen.push(await sessions(twin));
      }
      assert.equal(seen[0]?.length, 3);
      for (const line of seen[0] ?? []) assert.match(line, /Established/);
      assert.deepEqual(seen.slice(1), [seen[0], seen[0]], "up since the same moment");
    } finally {
      await twin.stop();
    }
  });

  it("has no session under VXLAN while TCP 179 is closed, and every pod path works as the verdict says", async () => {
    const twin = new TwinUnderTest("namespaces");
    try {
      const plan = planOf({ fabric: "aws", encapsulation: "VXLAN", faults: ["bgp-blocked"] });
      const { sessionsDown, rows } = await play(twin, { title: "VXLAN, bgp-blocked", plan });
      assert.equal(Object.keys(sessionsDown).length, 4);
      for (const { observed } of rows) assert.equal(observed, "works");
    } finally {
      await twin.stop();
    }
  });
});

walkAtRandom(3);
