/** The IAM policy has what a lab's life was recorded to use, and nothing else. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseConfig } from "../../components/config";
import { AwsInfrastructure, findExpired, findLeftovers } from "../../components/infrastructure/aws";
import { planIngress } from "../../components/infrastructure/common";
import { demandsOf } from "../../components/infrastructure/openstack/quota";
import { planLab } from "../../components/plan";
import { awsPolicy, FUNCTION_ACTIONS, RESOURCE_ACTIONS } from "../../scripts/schema/aws-policy";
import { FOUND } from "../support/aws";
import { afterKill, recordedLab } from "../support/aws-killed";
import { Ec2Model } from "../support/ec2-model";
import { KilledEngine } from "../support/killed-engine";
import { startMocks } from "../support/mocks";
import { FOUND as IN_OPENSTACK } from "../support/openstack";
import { REPOSITORY } from "../support/repository";

const OFFERS: Record<string, object> = {
  getAvailabilityZones: { names: FOUND.zones },
  getInstanceTypeOfferings: { locations: FOUND.zones },
  getInstanceType: { defaultVcpus: 2, memorySize: 4096, supportedArchitectures: ["x86_64"] },
  getAmi: { id: FOUND.imageId, architecture: "x86_64", blockDeviceMappings: [] },
  getServiceQuota: { value: 64 },
  getRegions: { names: ["eu-central-1"] },
};

describe("the IAM policy of a lab on AWS", () => {
  it("has an entry for each resource that a lab makes, and none that no lab makes", async () => {
    const types = (await recordedLab()).map(({ type }) => type).filter((type) => type.startsWith("aws:"));
    assert.deepEqual([...new Set(types)].sort(), Object.keys(RESOURCE_ACTIONS).sort());
  });

  it("has an entry for each function that is asked from the preview to the leftovers, and for no other", async () => {
    const asked = new Set<string>();
    const model = new Ec2Model();
    new KilledEngine(model, await recordedLab()).up();
    // A second gateway: several are told apart by the tagging API.
    const tags = { project: "encaplab", stack: "test", lab: "0123456789ab" };
    model.create("aws:ec2/internetGateway:InternetGateway", { tags });
    await startMocks({
      call: (token, inputs) => {
        const name = token.slice(token.lastIndexOf(":") + 1);
        asked.add(name);
        if (name === "getVpcs" && !inputs.tags) return { ids: [] };
        return OFFERS[name] ?? model.call(token, inputs);
      },
    });
    const config = parseConfig({
      cloud: "aws",
      aws: { region: "eu-central-1", accessCidrs: ["203.0.113.7/32"] },
    });
    await AwsInfrastructure.create("test", { plan: planLab(config), config: config.aws ?? {} });
    await findLeftovers("test", ["0123456789ab"], config, {});
    await findExpired(Date.now(), config, {}).catch(() => undefined);
    assert.deepEqual([...asked].sort(), Object.keys(FUNCTION_ACTIONS).sort());
  });

  it("permits to delete what a killed run has left: no type that the resources do not have, but volumes", async () => {
    const resources = await recordedLab();
    const { steps } = new KilledEngine(new Ec2Model(), resources);
    const step = steps.findIndex(({ type }) => type.endsWith(":Instance"));
    assert.deepEqual((await afterKill(resources, { step, moment: "after" }, "down")).deleted, ["instance"]);
    assert.match(awsPolicy(), /"ec2:DeleteVolume"/);
  });

  it("is small, and is the file that README names", () => {
    const [{ Action }] = JSON.parse(awsPolicy()).Statement;
    assert.ok(Action.length >= 50 && Action.length <= 85, `${Action.length}`);
    assert.ok(Action.every((action: string) => !action.includes("*")));
    assert.match(readFileSync(join(REPOSITORY, "README.md"), "utf8"), /file:\/\/stacks\/aws-policy\.json/);
    assert.equal(readFileSync(join(REPOSITORY, "stacks/aws-policy.json"), "utf8"), awsPolicy());
  });
});

describe("the quotas of a lab on OpenStack", () => {
  it("are those that README names, for the default lab and one address", () => {
    const plan = planLab(parseConfig({ cloud: "openstack" }));
    const demands = demandsOf({}, {}, plan, IN_OPENSTACK.flavor, planIngress(plan, ["203.0.113.7/32"]));
    const readme = readFileSync(join(REPOSITORY, "README.md"), "utf8").replace(/\s+/g, " ");
    assert.equal(demands.length, 10);
    for (const { what, needed } of demands)
      assert.ok(readme.includes(`${needed} ${what}`), `${needed} ${what}`);
  });
});
