/** Every encapsulation with every way to exchange routes, and the faults that decide about it: verdict = observation. */
import { selectMatrix } from "../../support/bgp-cases";
import { planOf } from "../../support/problems";
import { kindFor, sharedMachine, TwinUnderTest } from "../../support/twin";
import { play } from "../../support/twin-play";

describe("a twin whose nodes have reflectors or a router as BGP peers, in every encapsulation", function () {
  this.timeout(300_000);
  const namespaces = new TwinUnderTest("namespaces");
  const machine = sharedMachine();
  after(() => namespaces.stop());

  for (const { title, config } of selectMatrix()) {
    const plan = planOf(config);
    const twin = kindFor(plan.encapsulation) === "machine" ? machine : namespaces;
    it(`does what the verdict says: ${title}`, () => play(twin, { title, plan }).then(() => undefined));
  }
});
