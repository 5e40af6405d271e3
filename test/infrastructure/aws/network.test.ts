import assert from "node:assert/strict";
import * as fc from "fast-check";
import { contains, formatCidr, overlap, parseCidr, vpcCidr } from "../../../components/plan";
import { errorOf } from "../../support/problems";

const lab = (cidrs: string[], podCidr = "172.16.0.0/16") => ({
  subnets: cidrs.map((cidr, i) => ({ name: `s${i}`, cidr, gateway: "", prefix: 24 })),
  ipPool: { cidr: podCidr, blockSize: 26, natOutgoing: true, ipipMode: "Never", vxlanMode: "Never" } as const,
});

describe("the VPC's block", () => {
  it("is the /16 around the subnets, so that a new subnet does not need a new VPC", () => {
    assert.equal(vpcCidr(lab(["10.0.3.0/24", "10.0.4.0/24"])), "10.0.0.0/16");
    assert.equal(vpcCidr(lab(["10.0.3.0/24", "10.0.4.0/24", "10.0.200.0/24"])), "10.0.0.0/16");
    assert.equal(vpcCidr(lab(["192.168.0.0/16"])), "192.168.0.0/16");
  });

  it("gets smaller until it does not overlap the pods", () => {
    assert.equal(vpcCidr(lab(["10.0.3.0/24", "10.0.4.0/24"], "10.0.128.0/17")), "10.0.0.0/17");
    assert.equal(vpcCidr(lab(["10.0.3.0/24"], "10.0.2.0/24")), "10.0.3.0/24");
  });

  it("contains every subnet and no pod, and has a size that EC2 takes, or there is none", () => {
    const subnet = fc
      .tuple(fc.nat(0xffff), fc.integer({ min: 16, max: 28 }))
      .map(([bits, prefix]) => formatCidr(parseCidr(`10.0.${bits >> 8}.${bits & 255}/${prefix}`)));
    const pods = fc
      .tuple(fc.nat(0xffff), fc.integer({ min: 16, max: 24 }))
      .map(([bits, prefix]) => formatCidr(parseCidr(`10.0.${bits >> 8}.${bits & 255}/${prefix}`)));
    fc.assert(
      fc.property(fc.array(subnet, { minLength: 1, maxLength: 5 }), pods, (cidrs, podCidr) => {
        fc.pre(cidrs.every((cidr) => !overlap(parseCidr(cidr), parseCidr(podCidr))));
        const block: string | undefined = vpcCidr(lab(cidrs, podCidr));
        if (!block) return;
        const vpc = parseCidr(block);
        assert.ok(vpc.prefix >= 16 && vpc.prefix <= 28);
        assert.ok(!overlap(vpc, parseCidr(podCidr)));
        for (const cidr of cidrs) {
          const { first, prefix } = parseCidr(cidr);
          assert.ok(prefix >= vpc.prefix && contains(vpc, first), `${block} ${cidr}`);
        }
      }),
    );
  });

  it("is refused, with advice, when the subnets are too far apart or the pods are between them, by a verdict, too", () => {
    for (const [cidrs, pods] of [
      [["10.0.3.0/24", "10.1.4.0/24"], "172.16.0.0/16"],
      [["10.0.3.0/24", "10.0.5.0/24"], "10.0.4.0/24"],
    ] as const) {
      const topology = cidrs.map((cidr, i) => ({ name: `s${i}`, cidr, nodes: [`n${i}`] }));
      const found = (cloud: string) =>
        errorOf({ cloud, podCidr: pods, topology })?.problems.map(({ key, message }) => `${key}: ${message}`);
      assert.match(`${found("aws")}`, /^topology: .*use subnets inside one \/16/);
      assert.equal(found("openstack"), undefined);
    }
  });
});
