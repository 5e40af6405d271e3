/** The pair of stacks that are two sites: each names the other, and both say the same. */
import assert from "node:assert/strict";
import { overlap, parseCidr, planLab, siteCidrs } from "../../../components/plan";
import { stackConfig } from "../../support/stacks";

describe("the stacks site-aws and site-openstack", () => {
  const [aws, openstack] = ["site-aws", "site-openstack"].map((stack) => planLab(stackConfig(stack)));
  assert.ok(aws && openstack);

  it("name each other, and agree on the link", () => {
    const { stack: office, ...ours } = aws.peerSite ?? { stack: "" };
    const { stack: vpc, ...theirs } = openstack.peerSite ?? { stack: "" };
    assert.deepEqual([office, vpc], ["site-openstack", "site-aws"]);
    assert.deepEqual(ours, theirs);
  });

  it("are the original lab's two networks, which do not overlap each other or the pods", () => {
    const ranges = [siteCidrs(aws), siteCidrs(openstack)].flat();
    assert.deepEqual(ranges, ["172.31.0.0/16", "192.168.1.0/24"]);
    for (const range of ranges) assert.ok(!overlap(parseCidr(range), parseCidr(aws.ipPool.cidr)));
    assert.equal(aws.nodes[1]?.address, "172.31.0.11", "README pings it");
  });
});
