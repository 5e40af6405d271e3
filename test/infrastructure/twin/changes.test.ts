import * as fc from "fast-check";
import { planLab } from "../../../components/plan";
import { randomSeries } from "../../support/twin-changes";

describe("the labs that a twin is changed to at random", () => {
  it("can all be planned: the suite with real packets draws only a few of them", () => {
    fc.assert(
      fc.property(randomSeries, (configs) => {
        for (const config of configs) planLab(config);
      }),
      { numRuns: 300 },
    );
  });
});
