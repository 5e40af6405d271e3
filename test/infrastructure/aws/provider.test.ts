import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProvider, findRegion, hasOwnEndpoint } from "../../../components/infrastructure/aws/provider";
import { resolved, startMocks } from "../../support/mocks";
import { problemsOf } from "../../support/problems";

describe("findRegion", () => {
  const folder = mkdtempSync(join(tmpdir(), "encaplab-aws-"));
  const file = join(folder, "config");
  writeFileSync(
    file,
    "[default]\nregion = eu-north-1\n\n[profile work]\nsso_session = x\nregion=us-west-2\n[profile bare]\noutput = json\n",
  );
  after(() => rmSync(folder, { recursive: true }));
  const profiles = { AWS_CONFIG_FILE: file };
  const nothing = { AWS_CONFIG_FILE: join(folder, "none") };

  it("prefers the config, then the stack, the environment and the profile", () => {
    const environment = { ...profiles, AWS_REGION: "eu-west-1", AWS_DEFAULT_REGION: "eu-west-2" };
    const settings = { region: "eu-south-1" };
    assert.equal(findRegion({ region: "eu-central-1" }, settings, environment), "eu-central-1");
    assert.equal(findRegion({}, settings, environment), "eu-south-1");
    assert.equal(findRegion({}, {}, environment), "eu-west-1");
    assert.equal(findRegion({}, {}, { ...environment, AWS_REGION: "" }), "eu-west-2");
    assert.equal(findRegion({}, {}, profiles), "eu-north-1");
  });

  it("reads the profile in use, which the stack or the environment may choose", () => {
    assert.equal(findRegion({}, {}, { ...profiles, AWS_PROFILE: "work" }), "us-west-2");
    assert.equal(findRegion({}, { profile: "work" }, profiles), "us-west-2");
  });

  it("fails when nothing sets a region, and says how to set it", async () => {
    for (const environment of [
      nothing,
      { ...profiles, AWS_PROFILE: "bare" },
      { ...profiles, AWS_PROFILE: "other" },
    ]) {
      const [problem] = await problemsOf(() => findRegion({}, {}, environment));
      assert.equal(problem?.key, "aws.region");
      assert.match(problem?.message ?? "", /config set --path aws\.region eu-central-1/);
    }
  });
});

describe("an EC2 endpoint that the user has set", () => {
  const ENDPOINT = "http://127.0.0.1:5000";

  it("is found in the stack or in the environment, but only if it is for EC2", () => {
    assert.ok(hasOwnEndpoint({ endpoints: [{ sts: ENDPOINT }, { ec2: ENDPOINT }] }, {}));
    assert.ok(hasOwnEndpoint({}, { AWS_ENDPOINT_URL: ENDPOINT }));
    assert.ok(hasOwnEndpoint({}, { AWS_ENDPOINT_URL_EC2: ENDPOINT }));
    assert.ok(!hasOwnEndpoint({ endpoints: [{ s3: ENDPOINT }] }, { AWS_ENDPOINT_URL_S3: ENDPOINT }));
    assert.ok(!hasOwnEndpoint({}, { AWS_ENDPOINT_URL: "" }));
  });

  async function provider(settings: Record<string, unknown>) {
    let made: Record<string, unknown> = {};
    await startMocks({
      state: (_type, _name, inputs) => {
        made = inputs;
        return {};
      },
    });
    await resolved(createProvider("aws", "eu-central-1", settings).urn);
    const said = (key: string) => (made[key] === undefined ? undefined : JSON.parse(`${made[key]}`));
    return said;
  }

  it("skips the check of credentials with AWS's own STS, unless the stack asks for it", async () => {
    const plain = await provider({});
    assert.equal(plain("skipCredentialsValidation"), false);
    assert.equal(plain("skipRequestingAccountId"), undefined);
    const ec2 = await provider({ endpoints: [{ ec2: ENDPOINT }] });
    assert.equal(ec2("skipCredentialsValidation"), true);
    assert.equal(ec2("skipRequestingAccountId"), true);
    const both = await provider({ endpoints: [{ ec2: ENDPOINT, sts: ENDPOINT }] });
    assert.equal(both("skipRequestingAccountId"), undefined);
    const said = await provider({ endpoints: [{ ec2: ENDPOINT }], skipCredentialsValidation: false });
    assert.equal(said("skipCredentialsValidation"), false);
  });

  it("may have numeric settings, which the config stores as text", async () => {
    assert.equal((await provider({ maxRetries: "3" }))("maxRetries"), 3);
  });
});
