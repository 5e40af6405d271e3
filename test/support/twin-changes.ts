/** Random walks: a twin that is changed in place from one random lab to the next, compared with a new twin. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { ENCAPSULATIONS, type LabConfig } from "../../components/config";
import { type LabPlan, planLab } from "../../components/plan";
import { labConfigs } from "./arbitraries";
import { changed } from "./problems";
import { kindFor, TwinUnderTest } from "./twin";
import { play } from "./twin-cases";
import { difference, stateOf } from "./twin-state";

/** The encapsulations that this kernel can play without QEMU. */
export const NAMESPACE_MODES = ENCAPSULATIONS.filter((one) => kindFor(one) === "namespaces");

/** Plays the plan in a new twin, and compares the twin that was changed in place with it. */
export async function assertAsFresh(twin: TwinUnderTest, plan: LabPlan, title: string): Promise<void> {
  const fresh = new TwinUnderTest("namespaces");
  try {
    await play(fresh, { title: `fresh: ${title}`, plan });
    assert.deepEqual(difference(await stateOf(twin), await stateOf(fresh)), [], title);
  } finally {
    await fresh.stop();
  }
}

/** Defines the test of random walks. Each run walks somewhere else, unless fast-check gets a seed. */
export function walkAtRandom(walks: number): void {
  describe("any walk through labs, in place", function () {
    this.timeout(150_000 * walks);

    /** A mode that this kernel can play; few enough nodes that a walk takes seconds. */
    const small = labConfigs
      .filter(({ topology }) => topology.reduce((sum, { nodes }) => sum + nodes.length, 0) <= 6)
      .map((config): LabConfig => {
        if (NAMESPACE_MODES.includes(config.encapsulation))
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

    it(`does at each step what the verdict says, and ends where a new twin does, in ${walks} walks`, async () => {
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
        // Shrinking would take hours; the printed seed repeats the walk.
        { numRuns: walks, endOnFailure: true },
      );
    });
  });
}
