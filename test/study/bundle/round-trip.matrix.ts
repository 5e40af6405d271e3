/** As round-trip.test.ts, for many more labs. */
import * as fc from "fast-check";
import { planLab } from "../../../components/plan";
import { labConfigs } from "../../support/arbitraries";
import { assertRoundTrip } from "../../support/bundles";

describe("a bundle of 500 labs", function () {
  this.timeout(600_000);

  it("gives the plan and the verdict of each back, and redacted the same verdict", () => {
    fc.assert(
      fc.property(labConfigs, (config) => assertRoundTrip(planLab(config))),
      { numRuns: 500 },
    );
  });
});
