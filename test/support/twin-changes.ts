/** Random series of changes: a twin is changed in place from one random lab to the next, and compared with a new twin. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  ENCAPSULATIONS,
  type Encapsulation,
  FAULTS,
  type Fault,
  type LabConfig,
} from "../../components/config";
import { type LabPlan, planLab } from "../../components/plan";
import { canHave, labConfigs } from "./arbitraries";
import { changed } from "./problems";
import { kindFor, type TwinUnderTest, withTwin } from "./twin";
import { play } from "./twin-play";
import { difference, stateOf } from "./twin-state";

/** The encapsulations that this kernel can play without QEMU. */
export const NAMESPACE_MODES = ENCAPSULATIONS.filter((one) => kindFor(one) === "namespaces");

/** Plays the plan in a new twin, and compares the twin that was changed in place with it. */
export async function assertAsFresh(twin: TwinUnderTest, plan: LabPlan, title: string): Promise<void> {
  await withTwin(async (fresh) => {
    await play(fresh, { title: `fresh: ${title}`, plan });
    assert.deepEqual(difference(await stateOf(twin), await stateOf(fresh)), [], title);
  });
}

/** A lab in a mode that this kernel can play, with few enough nodes that a series takes seconds. */
const small = labConfigs
  // Their link needs strongSwan, and has a test of its own.
  .filter(({ sites }) => !sites)
  .filter(({ topology }) => topology.reduce((sum, { nodes }) => sum + nodes.length, 0) <= 6)
  .map((drawn): LabConfig => {
    // A lab drawn for node containers is played here as a twin, which can have faults that they cannot.
    const config: LabConfig = { ...drawn, cloud: "twin", rehearse: false, fabric: drawn.fabric ?? "plain" };
    const isPlayed = (one: Encapsulation | undefined) => one === undefined || NAMESPACE_MODES.includes(one);
    const ipPools = config.ipPools?.map((pool) =>
      isPlayed(pool.encapsulation) ? pool : { ...pool, encapsulation: "VXLAN" as const },
    );
    return changed(config, {
      ...(ipPools && { ipPools }),
      ...(!isPlayed(config.encapsulation) && { encapsulation: "VXLAN" }),
    });
  })
  .filter((config) => {
    try {
      planLab(config);
      return true;
    } catch {
      return false; // a fault of the cloud that the config no longer names
    }
  });

/** A lab, and what it becomes without a rebuild: other modes and faults, with other MTUs of tunnels and pods. */
const inPlace = small.chain((config) => {
  const { fabric = "plain" } = config;
  const faults = FAULTS.filter((fault) =>
    canHave({ fabric, cloud: "twin", onTwin: true, onContainers: false }, fault),
  );
  const changes = fc.record({
    encapsulation: fc.constantFrom(...NAMESPACE_MODES),
    // Without the usual faults half of the time: where nothing gets through, large packets show nothing.
    faults: fc.oneof(fc.subarray(faults), fc.subarray<Fault>(["mtu-too-big"])),
    natOutgoing: fc.boolean(),
  });
  return fc
    .array(changes, { minLength: 2, maxLength: 4 })
    .map((series) => series.map((change) => changed(config, { ...change, bgp: undefined })));
});

/** What a twin goes through in one test: labs that have nothing to do with each other, or one that is changed in place. */
export const randomSeries: fc.Arbitrary<LabConfig[]> = fc.oneof(
  fc.array(small, { minLength: 2, maxLength: 4 }),
  inPlace,
);

/** Defines the test: in so many series of two to four labs. Each run draws others, unless fast-check gets a seed. */
export function changeAtRandom(series: number): void {
  describe("a twin that is changed at random, in place", function () {
    this.timeout(150_000 * series);

    it(`does after each of ${series} series of changes what the verdict says, and is then like a new twin`, async () => {
      await fc.assert(
        fc.asyncProperty(randomSeries, (configs) =>
          withTwin(async (twin) => {
            for (const config of configs)
              await play(twin, { title: JSON.stringify(config), plan: planLab(config) });
            await assertAsFresh(twin, planLab(configs.at(-1) as LabConfig), "after the last change");
          }),
        ),
        // Shrinking would take hours; the printed seed repeats the series.
        { numRuns: series, endOnFailure: true },
      );
    });
  });
}
