import assert from "node:assert/strict";
import { parse } from "yaml";
import { parseStackConfig } from "../../../components/config";
import { planLab, vpcCidr } from "../../../components/plan";
import { stackConfig, stackNames, stackText } from "../../support/stacks";

describe("the stack files of AWS", () => {
  it("use three different encapsulations, no rehearsal, and a ttl", () => {
    const modes = { aws: "IPIP", "aws-direct": "None", "aws-crosssubnet": "IPIPCrossSubnet" };
    for (const [stack, encapsulation] of Object.entries(modes)) {
      const config = stackConfig(stack);
      assert.equal(config.encapsulation, encapsulation);
      assert.equal(config.rehearse, false);
      assert.equal(config.aws?.ttl, "8h");
    }
  });

  it("are still valid with every commented-out line of the aws section enabled", () => {
    const text = stackText("aws").replace(/^ {4}# ([a-zA-Z]+: )/gm, "    $1");
    const section = parseStackConfig(parse(text).config).aws ?? {};
    assert.deepEqual(Object.keys(section).sort(), [
      "accessCidrs",
      "architecture",
      "imageId",
      "instanceType",
      "owner",
      "publicKey",
      "region",
      "spot",
      "ttl",
      "user",
    ]);
  });

  it("and the AWS lessons all fit into a VPC", () => {
    for (const stack of stackNames()) {
      const config = stackConfig(stack);
      if (config.cloud === "aws") assert.match(vpcCidr(planLab(config)), /\/(1[6-9]|2[0-8])$/, stack);
    }
  });
});
