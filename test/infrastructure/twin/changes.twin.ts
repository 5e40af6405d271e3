/** A twin that is changed in place ends in the same state as a twin that is built new. */
import assert from "node:assert/strict";
import { planOf } from "../../support/problems";
import { TwinUnderTest, withTwin } from "../../support/twin";
import { play } from "../../support/twin-cases";
import { assertAsFresh, changeAtRandom, NAMESPACE_MODES } from "../../support/twin-changes";

describe("a twin that is switched in place", function () {
  this.timeout(60_000);
  const twin = new TwinUnderTest("namespaces");
  after(() => twin.stop());

  for (const from of NAMESPACE_MODES) {
    for (const to of NAMESPACE_MODES.filter((one) => one !== from)) {
      it(`is like a new twin after a switch from ${from} to ${to}`, async () => {
        const plan = (encapsulation: typeof from) => planOf({ fabric: "openstack", encapsulation });
        await twin.bring(plan(from));
        await play(twin, { title: `${from} > ${to}`, plan: plan(to) });
        await assertAsFresh(twin, plan(to), `${from} > ${to}`);
      });
    }
  }
});

describe("a twin with large packets", function () {
  this.timeout(60_000);

  it("carries full packets after a switch from VXLAN with mtu-too-big to None, and fragments of that size", async () => {
    await withTwin(async (twin) => {
      const base = { fabric: "aws", podRoutes: true } as const;
      await play(twin, {
        title: "VXLAN, mtu-too-big",
        plan: planOf({ ...base, encapsulation: "VXLAN", faults: ["mtu-too-big"] }),
      });
      await play(twin, { title: "None", plan: planOf({ ...base, encapsulation: "None" }) });
      // Each security group puts the fragments together, and must then fragment at the link's 9001 bytes again.
      assert.match(await twin.on("cp1-1", "ping -c1 -W5 -s 12000 172.16.0.129"), / 1 received/);
    });
  });
});

describe("BIRD on a twin", function () {
  this.timeout(60_000);

  /** Each BGP session of w1 with the moment since which it is up. */
  const sessions = async (twin: TwinUnderTest) =>
    (await twin.run("birdc -s /run/bird/w1.ctl show protocols"))
      .split("\n")
      .filter((line) => line.startsWith("Mesh_"));

  it("keeps every BGP session in a switch from VXLAN to None and on to VXLANCrossSubnet", async () => {
    await withTwin(async (twin) => {
      const seen: string[][] = [];
      for (const encapsulation of ["VXLAN", "None", "VXLANCrossSubnet"]) {
        await play(twin, { title: encapsulation, plan: planOf({ fabric: "aws", encapsulation }) });
        seen.push(await sessions(twin));
      }
      assert.equal(seen[0]?.length, 3);
      for (const line of seen[0] ?? []) assert.match(line, /Established/);
      assert.deepEqual(seen.slice(1), [seen[0], seen[0]], "up since the same moment");
    });
  });

  it("has no BGP session under VXLAN while TCP 179 is closed, and every pod path works as the verdict says", async () => {
    await withTwin(async (twin) => {
      const plan = planOf({ fabric: "aws", encapsulation: "VXLAN", faults: ["bgp-blocked"] });
      const { sessionsDown, rows } = await play(twin, { title: "VXLAN, bgp-blocked", plan });
      assert.equal(Object.keys(sessionsDown).length, 4);
      for (const { observed } of rows) assert.equal(observed, "works");
    });
  });
});

changeAtRandom(3);
