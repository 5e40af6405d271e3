/** What the lookup asks EC2 at preview, and the error if the region lacks what the config asks for. */
import assert from "node:assert/strict";
import * as aws from "@pulumi/aws";
import { type AwsConfig, parseConfig } from "../../../components/config";
import { asking } from "../../../components/infrastructure/aws/failure";
import { type Found, lookUp } from "../../../components/infrastructure/aws/lookup";
import { checkQuota } from "../../../components/infrastructure/aws/quota";
import { planRules } from "../../../components/infrastructure/aws/security";
import { planLab } from "../../../components/plan";
import { startMocks } from "../../support/mocks";
import { problemsOf } from "../../support/problems";

type Call = (inputs: Record<string, unknown>) => Record<string, unknown>;

/** Fails as the engine's monitor does: Pulumi reads `details`. */
const fail =
  (details: string): Call =>
  () => {
    throw Object.assign(new Error(details), { details });
  };
const REGION = "eu-central-1";
const EC2: Record<string, Call> = {
  getInstanceType: ({ instanceType }) => ({
    defaultVcpus: 2,
    memorySize: 4096,
    supportedArchitectures: String(instanceType).startsWith("t4g") ? ["arm64"] : ["x86_64"],
    supportedUsagesClasses: ["on-demand", "spot"],
  }),
  getAvailabilityZones: () => ({ names: ["eu-central-1c", "eu-central-1b", "eu-central-1a"] }),
  getInstanceTypeOfferings: () => ({ locations: ["eu-central-1b", "eu-central-1a", "eu-central-1z"] }),
  getAmi: ({ filters }) => ({
    id: "ami-0abc",
    architecture: JSON.stringify(filters).includes("arm64") ? "arm64" : "x86_64",
    rootDeviceName: "/dev/sda1",
    blockDeviceMappings: [{ deviceName: "/dev/sda1", ebs: { volume_size: "8" } }],
  }),
};

/** @param changed the answers of EC2 that differ. */
async function withEc2<T>(changed: Record<string, Call>, ask: (provider: aws.Provider) => Promise<T>) {
  const asked: { name: string; inputs: Record<string, unknown> }[] = [];
  await startMocks({
    call: (token, inputs) => {
      const name = token.split(":").at(-1) ?? "";
      asked.push({ name, inputs });
      return (changed[name] ?? EC2[name] ?? fail(`no answer for ${token}`))(inputs);
    },
  });
  return { asked, result: await ask(new aws.Provider("aws", { region: REGION })) };
}

const find = (config: AwsConfig = {}, changed: Record<string, Call> = {}) =>
  withEc2(changed, (provider) => lookUp(REGION, config, provider));
const problemOf = async (config: AwsConfig, changed: Record<string, Call> = {}) =>
  (await problemsOf(() => find(config, changed)))[0];

describe("the lookup in the region", () => {
  it("finds a machine that is large enough, Canonical's newest image, and zones that offer the machine", async () => {
    const { asked, result } = await find();
    assert.deepEqual(result, {
      region: REGION,
      zones: ["eu-central-1a", "eu-central-1b"],
      instanceType: "t3.medium",
      vcpus: 2,
      imageId: "ami-0abc",
      diskSize: 20,
    } satisfies Found);
    const image = asked.find(({ name }) => name === "getAmi")?.inputs;
    assert.deepEqual(image?.owners, ["099720109477"]);
    assert.equal(image?.mostRecent, true);
    assert.match(JSON.stringify(image?.filters), /hvm-ssd-gp3\/ubuntu-noble-24\.04-amd64-server-\*/);
  });

  it("finds machine and image for arm64 when the config asks for it, or for a machine type that is arm64", async () => {
    assert.equal((await find({ architecture: "arm64" })).result.instanceType, "t4g.medium");
    const { asked, result } = await find({ instanceType: "t4g.large" });
    assert.equal(result.instanceType, "t4g.large");
    assert.match(JSON.stringify(asked.find(({ name }) => name === "getAmi")?.inputs), /24\.04-arm64/);
  });

  it("takes the image that the config names, from any owner, with the disk size that it needs", async () => {
    const big = {
      ...EC2.getAmi?.({ filters: [] }),
      blockDeviceMappings: [{ deviceName: "/dev/sda1", ebs: { volume_size: "50" } }],
    };
    const { asked, result } = await find({ imageId: "ami-0123456789abcdef0" }, { getAmi: () => big });
    assert.equal(result.diskSize, 50);
    const { inputs } = asked.find(({ name }) => name === "getAmi") ?? {};
    assert.deepEqual(inputs?.filters, [{ name: "image-id", values: ["ami-0123456789abcdef0"] }]);
  });

  it("skips Local Zones, which EC2 lists with the others after opting in", async () => {
    const names = ["eu-central-1-ham-1a", "eu-central-1b"];
    const changed = {
      getAvailabilityZones: () => ({ names }),
      getInstanceTypeOfferings: () => ({ locations: names }),
    };
    assert.deepEqual((await find({}, changed)).result.zones, ["eu-central-1b"]);
  });

  it("skips the checks that an endpoint with only part of EC2's API does not know", async () => {
    const unknown = fail("api error InvalidAction: The action is not valid for this web service.");
    const changed = { getInstanceType: unknown, getInstanceTypeOfferings: unknown };
    const { result } = await find({ instanceType: "m1.medium" }, changed);
    assert.deepEqual(result.zones, ["eu-central-1a", "eu-central-1b", "eu-central-1c"]);
    assert.equal(result.instanceType, "m1.medium");
  });

  const none = fail("Your query returned no results. Please change your search criteria and try again.");
  const missing: [string, AwsConfig, Record<string, Call>, key: string, RegExp][] = [
    [
      "the machine type",
      { instanceType: "t3.medum" },
      {
        getInstanceType: fail(
          "api error InvalidInstanceType: The following supplied instance types do not exist",
        ),
        // An unknown type has no zone either. That answer comes sooner, but says less.
        getInstanceTypeOfferings: () => ({ locations: [] }),
      },
      "aws.instanceType",
      /EC2 has no such type in eu-central-1/,
    ],
    [
      "a zone with it",
      {},
      { getInstanceTypeOfferings: () => ({ locations: [] }) },
      "aws.instanceType",
      /no zone of/,
    ],
    [
      "the named image",
      { imageId: "ami-0123456789abcdef0" },
      { getAmi: none },
      "aws.imageId",
      /image ids differ/,
    ],
    [
      "Canonical's image",
      {},
      { getAmi: none },
      "aws.imageId",
      /set the id of another image: pulumi config set/,
    ],
    [
      "enough memory",
      { instanceType: "t3.micro" },
      { getInstanceType: () => ({ defaultVcpus: 2, memorySize: 1024 }) },
      "aws.instanceType",
      /a node needs 2 and 4096/,
    ],
    [
      "the architecture",
      { instanceType: "t3.large", architecture: "arm64" },
      {},
      "aws.architecture",
      /is amd64/,
    ],
    [
      "an image for the machine",
      { instanceType: "t4g.large", imageId: "ami-0123456789abcdef0" },
      {},
      "aws.imageId",
      /is for x86_64/,
    ],
    [
      "spot machines of the type",
      { spot: true },
      {
        getInstanceType: (inputs) => ({
          ...EC2.getInstanceType?.(inputs),
          supportedUsagesClasses: ["on-demand"],
        }),
      },
      "aws.instanceType",
      /spot market/,
    ],
  ];
  for (const [what, config, changed, key, message] of missing) {
    it(`fails with one sentence when the region lacks ${what}`, async () => {
      const problem = await problemOf(config, changed);
      assert.equal(problem?.key, key);
      assert.match(problem?.message ?? "", message);
    });
  }

  const refusals: [string, said: string, key: string, RegExp][] = [
    [
      "wrong credentials",
      "api error AuthFailure: AWS was not able to validate",
      "aws",
      /does not accept the cred/,
    ],
    [
      "expired credentials",
      "ExpiredToken: The security token included in the request is expired",
      "aws",
      /log in/,
    ],
    [
      "no credentials",
      "No valid credential sources found. Please see…",
      "aws",
      /there are no AWS credentials/,
    ],
    ["too few rights", "UnauthorizedOperation: You are not authorized to perform", "aws", /do not permit/],
    ["a region not opted in to", "OptInRequired: You are not subscribed", "aws.region", /opted in/],
    [
      "an SSO session that has ended",
      "No valid credential sources found: failed to refresh cached credentials, refresh cached SSO token failed, unable to refresh SSO token",
      "aws",
      /SSO session has ended; log in again: aws sso login/,
    ],
    ["an unknown region", "Invalid AWS Region: eu-centrall-1", "aws.region", /cannot be reached/],
    [
      "something else",
      "invoking aws:ec2/getInstanceType: 1 error occurred:\n\t* operation error EC2: X, api error InternalError: oops\n\n",
      "aws.region",
      /the request to EC2 failed: InternalError: oops$/,
    ],
  ];
  for (const [what, said, key, message] of refusals) {
    it(`fails with one sentence for ${what}`, async () => {
      const problem = await problemOf({}, { getInstanceType: fail(said) });
      assert.equal(problem?.key, key);
      assert.match(problem?.message ?? "", message);
    });
  }
});

describe("a region that an account must enable first", () => {
  it("has a sentence of its own, although EC2 answers as if the credentials were wrong", async () => {
    const said = "api error AuthFailure: AWS was not able to validate the provided access credentials";
    const ask = (region: string) =>
      problemsOf(() =>
        asking(region, { key: "", value: "", message: "" }, /(?!)/, Promise.reject(new Error(said))),
      );
    const [southern] = await ask("eu-south-1");
    assert.equal(southern?.key, "aws.region");
    assert.match(
      southern?.message ?? "",
      /must enable this region .*aws account enable-region --region-name eu-south-1/,
    );
    assert.match((await ask("eu-central-1"))[0]?.message ?? "", /does not accept the credentials/);
  });
});

describe("the check of AWS quotas", () => {
  const plan = planLab(parseConfig({ cloud: "aws" }));
  const found = { instanceType: "t3.medium", vcpus: 2, region: REGION };
  const check = (answer: Call, settings = {}, machine = found, spot = false) =>
    problemsOf(() =>
      withEc2({ getServiceQuota: answer }, (provider) =>
        checkQuota("aws", plan, machine, { spot }, settings, provider),
      ),
    );

  it("compares the vCPU quota with what the lab needs", async () => {
    assert.deepEqual(await check(() => ({ value: 8 })), []);
    const [problem] = await check(() => ({ value: 5 }));
    assert.match(problem?.message ?? "", /they need 8 vCPUs, and the account's quota in eu-central-1 is 5/);
  });

  it("compares the quota of VPCs, unless the lab has its VPC already", async () => {
    const value = ({ quotaCode }: Record<string, unknown>) => ({
      value: quotaCode === "L-F678F1CE" ? 5 : 99,
    });
    const vpcs =
      (all: number, own: number): Call =>
      ({ tags }) => ({ ids: Array.from({ length: tags ? own : all }, (_, i) => `vpc-${i}`) });
    const ask = (list: Call) =>
      problemsOf(() =>
        withEc2({ getServiceQuota: value, getVpcs: list }, (provider) =>
          checkQuota("aws", plan, found, {}, {}, provider),
        ),
      );
    const [problem] = await ask(vpcs(5, 0));
    assert.match(
      problem?.message ?? "",
      /needs a VPC, and eu-central-1 has 5 of the 5 that the account's quota allows/,
    );
    assert.deepEqual(await ask(vpcs(4, 0)), []);
    assert.deepEqual(await ask(vpcs(5, 1)), []);
  });

  it("uses the separate quota for spot instances", async () => {
    const value = ({ quotaCode }: Record<string, unknown>) => ({
      value: quotaCode === "L-34B43A08" ? 0 : 99,
    });
    assert.equal((await check(value, {}, found, true)).length, 1);
  });

  it("passes when the quota cannot be read, or is not known for the machine type", async () => {
    assert.deepEqual(await check(fail("AccessDeniedException")), []);
    const never = fail("no service must be asked");
    assert.deepEqual(await check(never, { endpoints: [{ ec2: "http://127.0.0.1:1" }] }), []);
    assert.deepEqual(await check(() => ({ value: 0 }), {}, { ...found, instanceType: "g5.xlarge" }), []);
  });

  it("compares the rules per security group with what accessCidrs needs", async () => {
    const cidrs = (count: number) => Array.from({ length: count }, (_, i) => `203.0.113.${i}/32`);
    assert.ok(planRules(plan, cidrs(17)).length <= 60);
    const [problem] = await problemsOf(() => planRules(plan, cidrs(30)));
    assert.equal(problem?.key, "aws.accessCidrs");
    assert.match(problem?.message ?? "", /holds 60/);
  });
});
