/** Whatever a twin was before: brought to a plan in place, it holds what a twin built from nothing holds. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { ENCAPSULATIONS, type LabConfig } from "../../../components/config";
import { type LabPlan, planLab } from "../../../components/plan";
import { labConfigs } from "../../support/arbitraries";
import { changed, planOf } from "../../support/problems";
import { kindFor, TwinUnderTest } from "../../support/twin";
import { play } from "../../support/twin-cases";
import { difference, stateOf } from "../../support/twin-state";

const modes = ENCAPSULATIONS.filter((one) => kindFor(one) === "namespaces");

/** Plays the plan in a twin of its own, and holds the one that was changed in place against it. */
async function assertAsFresh(twin: TwinUnderTest, plan: LabPlan, title: string): Promise<void> {
  const fresh = new TwinUnderTest("namespaces");
  try {
    await play(fresh, { title: `fresh: ${title}`, plan });
    assert.deepEqual(difference(await stateOf(twin), await stateOf(fresh)), [], title);
  } finally {
    await fresh.stop();
  }
}

describe("a switch in place ends where a fresh build does", function () {
  this.timeout(60_000);
  let twin: TwinUnderTest;
  before(() => {
    twin = new TwinUnderTest("namespaces");
  });
  after(() => twin.stop());

  for (const from of modes) {
    for (const to of modes.filter((one) => one !== from)) {
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

describe("any walk through labs, in place", function () {
  this.timeout(600_000);

  /** A mode that this kernel can play; few enough nodes that a walk takes seconds. */
  const small = labConfigs
    .filter(({ topology }) => topology.reduce((sum, { nodes }) => sum + nodes.length, 0) <= 6)
    .map((config): LabConfig => {
      if (modes.includes(config.encapsulation))
        return { ...config, cloud: "twin", fabric: config.fabric ?? "plain" };
      return { ...changed(config, { encapsulation: "VXLAN" }), cloud: "twin" };
    })
    .filter((config) => {
      try {
        planLab(config);
        return true;
      } catch {
        return false; // a fault of the cloud that the config no longer names
      }
    });

  it("does at each step what the verdict says, and ends where a fresh build does", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(small, { minLength: 2, maxLength: 4 }), async (configs) => {
        const twin = new TwinUnderTest("namespaces");
        try {
          for (const config of configs)
            await play(twin, { title: JSON.stringify(config), plan: planLab(config) });
          const last = planLab(configs.at(-1) as LabConfig);
          await assertAsFresh(twin, last, "after the walk");
        } finally {
          await twin.stop();
        }
      }),
      // Shrinking would play for hours; the seed that is printed plays the same walk again.
      { numRuns: 8, endOnFailure: true },
    );
  });
});
