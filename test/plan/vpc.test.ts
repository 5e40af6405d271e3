/** The block of a VPC: the largest that EC2 takes, with all subnets in it and without a pod's address. */
import assert from "node:assert/strict";
import { findVpcCidr, vpcCidr } from "../../components/plan/vpc";
import { planOf } from "../support/problems";

const SUBNETS = ["10.0.3.0/24", "10.0.4.0/24"];

describe("the block of a VPC", () => {
  it("is a /16 with all subnets", () => {
    assert.equal(findVpcCidr(SUBNETS, "172.16.0.0/16"), "10.0.0.0/16");
    assert.equal(findVpcCidr(["172.31.0.0/16"], "10.244.0.0/16"), "172.31.0.0/16");
    assert.equal(vpcCidr(planOf({ cloud: "aws" })), "10.0.0.0/16");
  });

  it("is smaller where pods are in that range", () => {
    assert.equal(findVpcCidr(SUBNETS, "10.0.128.0/17"), "10.0.0.0/17");
    assert.equal(findVpcCidr(SUBNETS, "10.0.8.0/21"), "10.0.0.0/21");
    assert.equal(findVpcCidr(["10.0.3.0/24"], "10.0.2.0/24"), "10.0.3.0/24");
  });

  it("is none for subnets of two ranges, or around a pod's address", () => {
    assert.equal(findVpcCidr(["10.0.3.0/24", "10.1.4.0/24"], "172.16.0.0/16"), undefined);
    assert.equal(findVpcCidr(["10.0.2.0/24", "10.0.4.0/24"], "10.0.3.0/24"), undefined);
    assert.equal(findVpcCidr(["10.0.3.0/24"], "10.0.3.128/25"), undefined);
    assert.equal(findVpcCidr(["10.0.0.0/15"], "172.16.0.0/16"), undefined);
  });
});
