/** Every encapsulation that this kernel can play, on every fabric, with every fault and variant: verdict = observation. */
import { ENCAPSULATIONS, FABRICS } from "../../../components/config";
import { kindFor, TwinUnderTest } from "../../support/twin";
import { faultCases, play, variantCases } from "../../support/twin-cases";

for (const fabric of FABRICS) {
  describe(`on the fabric ${fabric}, in place, every packet does what the verdict says`, function () {
    this.timeout(60_000);
    let twin: TwinUnderTest;
    before(() => {
      twin = new TwinUnderTest("namespaces");
    });
    after(() => twin.stop());

    for (const encapsulation of ENCAPSULATIONS.filter((one) => kindFor(one) === "namespaces")) {
      const cases = [...faultCases(encapsulation, fabric), ...variantCases(encapsulation, fabric)];
      for (const one of cases) {
        it(one.title, async () => {
          await play(twin, one);
        });
      }
    }
  });
}
