/** Every lab with a tenant network, in every encapsulation, changed in place: in QEMU those that this kernel does not play. */
import { ENCAPSULATIONS } from "../../../components/config";
import { planOf } from "../../support/problems";
import { BASE, LABS, SELECTED } from "../../support/tenant-labs";
import { needTools } from "../../support/tools";
import { sharedMachine, TwinUnderTest } from "../../support/twin";
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

describe("a tenant network on the twin in a machine, beside the tunnels that this kernel lacks", function () {
  this.timeout(300_000);
  const machine = sharedMachine();
  before(function () {
    needTools(this, "tenants");
  });

  for (const encapsulation of ENCAPSULATIONS.filter((mode) => !NAMESPACE_MODES.includes(mode)))
    for (const title of SELECTED)
      it(`does what the verdict says after a change in place: ${title}, ${encapsulation}`, async () => {
        await play(machine, { title, plan: planOf({ ...BASE, ...LABS[title], encapsulation }) });
      });
});
