/** Every two encapsulations as two IPPools, in every way in which pools select nodes: verdict = observation. */
import { chooseSandbox, featuresOf } from "../../../components/infrastructure/twin/sandbox";
import { POOL_MATRIX } from "../../support/pool-cases";
import { planOf } from "../../support/problems";
import { sharedMachine, TwinUnderTest } from "../../support/twin";
import { play } from "../../support/twin-play";

describe("a twin with two IPPools, each with an encapsulation of its own", function () {
  this.timeout(600_000);
  const namespaces = new TwinUnderTest("namespaces");
  const machine = sharedMachine();
  after(() => namespaces.stop());

  for (const { title, config, small } of POOL_MATRIX)
    it(`does what the verdict says: ${title}`, async () => {
      const { kind } = chooseSandbox(featuresOf(planOf(config)));
      if (kind === "machine") await play(machine, { title, plan: planOf(small) });
      else await play(namespaces, { title, plan: planOf(config) });
    });
});
