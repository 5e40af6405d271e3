/** What keeps a machine on AWS and its data to itself, and how many rules its group may have. */
import assert from "node:assert/strict";
import { parseConfig } from "../../../components/config";
import { changedInPlace, planRules } from "../../../components/infrastructure/aws/security";
import type { IngressRule } from "../../../components/infrastructure/common";
import { planLab } from "../../../components/plan";
import { buildAws, INGRESS, INSTANCE } from "../../support/aws";
import { ofType } from "../../support/mocks";
import { problemsOf, type RawConfig } from "../../support/problems";

describe("a machine on AWS", () => {
  // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html: a pod is one hop further away.
  it("answers requests for its metadata only with a session token (IMDSv2), and only to itself: one hop", async () => {
    for (const { props } of ofType((await buildAws({})).resources, INSTANCE))
      assert.deepEqual(props.metadataOptions, {
        httpEndpoint: "enabled",
        httpTokens: "required",
        httpPutResponseHopLimit: 1,
      });
  });

  it("has an encrypted disk, which is deleted with it", async () => {
    const machines = ofType((await buildAws({})).resources, INSTANCE);
    assert.equal(machines.length, 4);
    for (const { props } of machines) {
      const { encrypted, deleteOnTermination, volumeType } = props.rootBlockDevice;
      assert.deepEqual([encrypted, deleteOnTermination, volumeType], [true, true, "gp3"]);
    }
  });
});

// VPC quotas, "Inbound or outbound rules per security group": 60, counted apart for inbound and outbound.
describe("the rules of a security group on AWS", () => {
  const check = (raw: RawConfig, cidrs: number) => {
    const plan = planLab(parseConfig({ cloud: "aws", ...raw }));
    const access = Array.from({ length: cidrs }, (_, i) => `203.0.113.${i}/32`);
    return problemsOf(() => assert.equal(planRules(plan, access).length, 60));
  };

  it("may be 60", async () => {
    assert.deepEqual(await check({ encapsulation: "IPIPCrossSubnet" }, 17), []);
  });

  it("are refused when they are 61, with how many they are", async () => {
    const [problem] = await check({ encapsulation: "VXLAN", bgp: "Disabled" }, 18);
    assert.deepEqual([problem?.key, problem?.value], ["aws.accessCidrs", "18 CIDRs"]);
    assert.match(problem?.message ?? "", /^they make 61 rules, and a security group holds 60;/);
  });
});

describe("the rules that a change passes on the way on AWS", () => {
  const rule = (name: string, except?: string[]): IngressRule => ({
    name,
    rule: "ssh",
    protocol: "tcp",
    source: { group: true },
    ...(except && { except }),
  });
  const heldOf = (type: string, name: string) => ({
    type,
    urn: `urn:pulumi:s::encaplab::a$${type}::lab-${name}`,
  });
  const names = (kind: string, count: number) => Array.from({ length: count }, (_, i) => `${kind}-${i}`);
  // What is not in the group of all nodes does not count: a machine, and the rule of a group apart.
  const held = [
    ...names("ssh-old", 50).map((name) => heldOf(INGRESS, name)),
    heldOf(INGRESS, "ipip-others"),
    heldOf(INSTANCE, "w1"),
  ];
  const change = (added: number) =>
    changedInPlace(
      [rule("ssh-old-0"), rule("ipip-others", ["w2"]), ...names("ssh-new", added).map((name) => rule(name))],
      held,
      (name) => `lab-${name}`,
    );

  it("may be 60, and then every new one is made before an old one is deleted", () => {
    assert.deepEqual([...change(10)], []);
  });

  it("would be 61, so each new one takes the place of an old one that goes, and none of one that stays", () => {
    assert.deepEqual(
      [...change(11)],
      names("ssh-new", 11).map((name, i) => [`lab-${name}`, `lab-ssh-old-${i + 1}`]),
    );
  });
});
