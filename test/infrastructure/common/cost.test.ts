import assert from "node:assert/strict";
import { parseConfig } from "../../../components/config";
import { estimateAws } from "../../../components/infrastructure/aws/cost";
import { DEFAULT_INSTANCE_TYPES } from "../../../components/infrastructure/aws/lookup";
import { estimateCost } from "../../../components/infrastructure/common/cost";
import { planLab } from "../../../components/plan";
import { FOUND } from "../../support/aws";

describe("the cost estimate of a lab", () => {
  it("is the sum of its items per hour, and names itself an estimate with the date of the prices", () => {
    const items = [
      { what: "machine", count: 4, perHour: 0.04 },
      { what: "address", count: 2, perHour: 0.005 },
    ];
    const { perHour, sentence } = estimateCost(items, "list prices of 2025-06");
    assert.equal(perHour, 0.17);
    assert.equal(
      sentence,
      "estimated cost: $0.170 per hour (4 × machine, 2 × address; list prices of 2025-06)",
    );
  });

  it("has a margin that holds for São Paulo, the dearest region: t3.medium 0.0672, m5.large 0.153 dollars", () => {
    const plan = planLab(parseConfig({ cloud: "aws" }));
    for (const [instanceType, there] of Object.entries({ "t3.medium": 0.0672, "m5.large": 0.153 })) {
      const of = (region: string) =>
        estimateAws(plan, { ...FOUND, instanceType, region, diskSize: 0 }, false);
      const margin = Number(/up to (\d+) % more/.exec(of("sa-east-1").sentence)?.[1]);
      const here = ((of("us-east-1").perHour ?? 0) - 4 * 0.005) / 4;
      assert.ok(there / here <= 1 + margin / 100, `${there / here}`);
      assert.doesNotMatch(of("us-east-1").sentence, /more/);
    }
    assert.doesNotMatch(estimateAws(plan, { ...FOUND, instanceType: "m5.large" }, false).sentence, /credits/);
  });

  it("gives no sum when a price is unknown", () => {
    const { perHour, sentence } = estimateCost(
      [{ what: "m1.medium", count: 4, perHour: undefined }],
      "nowhere",
    );
    assert.equal(perHour, undefined);
    assert.match(sentence, /no price is known here for m1\.medium/);
  });

  it("has a price on AWS for the default lab, on both architectures", () => {
    const plan = planLab(parseConfig({ cloud: "aws" }));
    for (const instanceType of Object.values(DEFAULT_INSTANCE_TYPES)) {
      const { perHour, sentence } = estimateAws(plan, { ...FOUND, instanceType }, false);
      assert.ok(perHour && perHour > 0.1 && perHour < 0.3, `${perHour}`);
      assert.match(sentence, /estimate.*eu-central-1 may cost up to 65 % more/);
      assert.match(sentence, /surplus credits, \$0\.0[45] per vCPU and hour/);
    }
  });
});
