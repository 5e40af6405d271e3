/** Plays cases of the twin's matrix, with the failure message that shows what disagreed. */
import assert from "node:assert/strict";
import { ENCAPSULATIONS } from "../../components/config";
import type { LabPlan } from "../../components/plan";
import { formatObservation, type Observation } from "../../components/study";
import { planOf, type RawConfig } from "./problems";
import { kindFor, sharedMachine, TwinUnderTest } from "./twin";
import { type Case, configOf, MATRIX, SITE_NAMES, titleOf } from "./twin-cases";

/** Under emulation each case costs its pairs of pods: the smallest topology that has every path. */
export const SMALL: RawConfig = {
  topology: [
    { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] },
    { name: "b", cidr: "10.0.4.0/24", nodes: ["w2"] },
  ],
};

/** Defines the tests of the cases that this kernel has the drivers for: one twin for each fabric. */
export function playInNamespaces(cases: readonly Case[]): void {
  for (const fabric of SITE_NAMES) {
    describe(`a twin on the fabric ${fabric}, changed in place, does what the verdict says`, function () {
      this.timeout(60_000);
      const twin = new TwinUnderTest("namespaces");
      after(() => twin.stop());
      const here = cases.filter((one) => one.fabric === fabric);
      playInOneTwin(twin, here);
    });
  }
}

/** Defines the tests of all other cases: one twin in a QEMU machine. */
export function playInMachine(cases: readonly Case[]): void {
  const machine = sharedMachine();
  describe("a twin in a machine with Debian's kernel, changed in place, does what the verdict says", function () {
    this.timeout(300_000);
    playInOneTwin(machine, cases, SMALL);
  });
}

/**
 * Defines the tests of those cases that this kernel plays in the twin's kind of sandbox. One fabric after the other: another
 * one rebuilds every node, and an encapsulation only changes it.
 */
function playInOneTwin(twin: TwinUnderTest, cases: readonly Case[], base: RawConfig = {}): void {
  const modes = ENCAPSULATIONS.filter((one) => kindFor(one) === twin.kind);
  const here = MATRIX.filter((one) => cases.includes(one) && modes.includes(one.encapsulation));
  const rank = ({ fabric }: Case) => SITE_NAMES.indexOf(fabric);
  for (const one of here.sort((a, b) => rank(a) - rank(b))) {
    it(titleOf(one), async () => {
      await play(twin, { title: titleOf(one), plan: planOf(configOf(one, base)) });
    });
  }
}

/** Brings the twin to the plan in place, and compares every packet with the verdict. */
export async function play(
  twin: TwinUnderTest,
  { title, plan }: { title: string; plan: LabPlan },
): Promise<Observation> {
  await twin.bring(plan);
  const seen = await twin.observe(plan);
  assert.ok(seen.agrees && seen.notConverged.length === 0, `${title}\n${formatObservation(seen)}`);
  // A row without pairs or without its packet on the wire agrees with everything.
  assert.ok(seen.rows.length > 0 && seen.rows.every(({ pairs, agrees }) => pairs > 0 && agrees), title);
  return seen;
}
