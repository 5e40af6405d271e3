/** Every two encapsulations as two IPPools, in every way in which pools select nodes: verdict = observation. */
import { chooseSandbox, featuresOf } from "../../../components/infrastructure/twin/sandbox";
import { POOL_MATRIX } from "../../support/pool-cases";
import { planOf } from "../../support/problems";
import { sharedMachine, TwinUnderTest } from "../../support/twin";
import { play } from "../../support/twin-play";

describe("a twin with two IPPools, each with an encapsulation of its own", function () {
  this.timeout(300_000);
  const namespaces = new TwinUnderTest("namespaces");
  const machine = sharedMachine();
  after(() => namespaces.stop());

  for (const { title, config } of POOL_MATRIX)
    it(`does what the verdict says: ${title}`, async () => {
      const plan = planOf(config);
      const { kind } = chooseSandbox(featuresOf(plan));
      await play(kind === "machine" ? machine : namespaces, { title, plan });
    });
});
