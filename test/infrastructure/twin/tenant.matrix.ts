/** Every lab with a tenant network, in every encapsulation that this kernel plays, changed in place. */
import { planOf } from "../../support/problems";
import { skip } from "../../support/skip";
import { BASE, hasOpenVSwitch, LABS } from "../../support/tenant-labs";
import { TwinUnderTest } from "../../support/twin";
import { NAMESPACE_MODES } from "../../support/twin-changes";
import { play } from "../../support/twin-play";

describe("a tenant network on the twin, in every encapsulation", function () {
  this.timeout(120_000);
  const twin = new TwinUnderTest("namespaces");
  before(function () {
    if (!hasOpenVSwitch()) skip(this, "Open vSwitch is not installed (scripts/setup need tenants)");
  });
  after(() => twin.stop());

  for (const encapsulation of NAMESPACE_MODES)
    for (const [title, raw] of Object.entries(LABS))
      it(`does what the verdict says after a change in place: ${title}, ${encapsulation}`, async () => {
        await play(twin, { title, plan: planOf({ ...BASE, ...raw, encapsulation }) });
      });
});
