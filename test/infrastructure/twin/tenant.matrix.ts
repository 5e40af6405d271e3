/** Every lab with a tenant network, in every encapsulation that this kernel plays, changed in place. */
import { planOf } from "../../support/problems";
import { BASE, LABS } from "../../support/tenant-labs";
import { needTools } from "../../support/tools";
import { TwinUnderTest } from "../../support/twin";
import { NAMESPACE_MODES } from "../../support/twin-changes";
import { play } from "../../support/twin-play";

describe("a tenant network on the twin, in every encapsulation", function () {
  this.timeout(120_000);
  const twin = new TwinUnderTest("namespaces");
  before(function () {
    needTools(this, "tenants");
  });
  after(() => twin.stop());

  for (const encapsulation of NAMESPACE_MODES)
    for (const [title, raw] of Object.entries(LABS))
      it(`does what the verdict says after a change in place: ${title}, ${encapsulation}`, async () => {
        await play(twin, { title, plan: planOf({ ...BASE, ...raw, encapsulation }) });
      });
});
