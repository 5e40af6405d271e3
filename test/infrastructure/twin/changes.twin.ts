/** A twin that is changed in place ends in the same state as a twin that is built new. */
import assert from "node:assert/strict";
import { planOf } from "../../support/problems";
import { TwinUnderTest, withTwin } from "../../support/twin";
import { assertAsFresh, changeAtRandom, NAMESPACE_MODES } from "../../support/twin-changes";
import { play } from "../../support/twin-play";

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

  /** Since when each established BGP session of w1 is up, in milliseconds of the day, by its name. */
  async function sessions(twin: TwinUnderTest): Promise<Map<string, number>> {
    const shown = await twin.run("birdc -s /run/bird/w1.ctl show protocols");
    const found = shown.matchAll(/^(Mesh_\S+) +BGP +--- +up +(\d+):(\d+):([\d.]+) +Established/gm);
    return new Map(
      [...found].map(([, name = "", hours, minutes, seconds]) => [
        name,
        1000 * (3600 * Number(hours) + 60 * Number(minutes) + Number(seconds)),
      ]),
    );
  }

  it("keeps every BGP session in a switch from VXLAN to None and on to VXLANCrossSubnet", async () => {
    await withTwin(async (twin) => {
      const seen: Map<string, number>[] = [];
      for (const encapsulation of ["VXLAN", "None", "VXLANCrossSubnet"]) {
        await play(twin, { title: encapsulation, plan: planOf({ fabric: "aws", encapsulation }) });
        seen.push(await sessions(twin));
      }
      const [first = new Map<string, number>(), ...later] = seen;
      assert.equal(first.size, 3);
      for (const now of later) {
        assert.deepEqual([...now.keys()], [...first.keys()]);
        // BIRD computes the moment anew from two clocks: it differs by a millisecond. A new session takes a second.
        for (const [name, since] of now) assert.ok(Math.abs(since - (first.get(name) ?? 0)) < 500, name);
      }
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

changeAtRandom(2);
