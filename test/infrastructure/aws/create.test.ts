/** From the config to the component, as the program does it: look up the region, then build in it. */
import assert from "node:assert/strict";
import type * as pulumi from "@pulumi/pulumi";
import { parseStackConfig, providerSettings } from "../../../components/config";
import { createMachines, machineOutputs } from "../../../components/infrastructure";
import { planLab } from "../../../components/plan";
import { answers, FOUND } from "../../support/aws";
import { resolved, startMocks } from "../../support/mocks";
import { OPENSTACK_SITE } from "../../support/peer-sites";
import { problemsOf } from "../../support/problems";

const STACK = {
  "encaplab:cloud": "aws",
  "encaplab:aws": '{"region":"eu-central-1","accessCidrs":["203.0.113.7/32"]}',
  "aws:profile": "work",
  "aws:skipMetadataApiCheck": "false",
  "aws:endpoints": '[{"ec2":"http://127.0.0.1:5000"}]',
};

async function create(stack: Record<string, string>) {
  const made: { type: string; inputs: Record<string, unknown>; provider?: string }[] = [];
  await startMocks({
    state: (type, name, inputs) => {
      made.push({ type, inputs });
      if (type === "pulumi:pulumi:StackReference")
        return { outputs: { site: OPENSTACK_SITE }, secretOutputNames: [] };
      return answers.state?.(type, name, inputs) ?? {};
    },
    call: (token) =>
      ({
        getInstanceType: { defaultVcpus: 2, memorySize: 4096, supportedArchitectures: ["x86_64"] },
        getAvailabilityZones: { names: FOUND.zones },
        getInstanceTypeOfferings: { locations: FOUND.zones },
        getAmi: { id: FOUND.imageId, architecture: "x86_64", blockDeviceMappings: [] },
      })[token.split(":").at(-1) ?? ""] ?? {},
  });
  const config = parseStackConfig(stack);
  const args = { plan: planLab(config), config, settings: providerSettings(stack, "aws") };
  return { made, infrastructure: await createMachines("aws", { ...args, prefix: "" }) };
}

describe("a lab on AWS", () => {
  it("is built by a provider with the lab's region and all of the stack's aws: settings", async () => {
    const { made, infrastructure } = await create(STACK);
    await resolved(infrastructure.urn);
    const provider = made.find(({ type }) => type === "pulumi:providers:aws")?.inputs ?? {};
    assert.equal(provider.region, "eu-central-1");
    assert.equal(provider.profile, "work");
    assert.equal(`${provider.skipMetadataApiCheck}`, "false");
    assert.match(JSON.stringify(provider.endpoints), /127\.0\.0\.1:5000/);
  });

  it("keeps pods away from the machines' user data: their requests to the metadata service end after one hop", async () => {
    const { made, infrastructure } = await create(STACK);
    await Promise.all(infrastructure.nodes.map(({ resource }) => resource && resolved(resource.urn)));
    const instances = made.filter(({ type }) => type === "aws:ec2/instance:Instance");
    assert.equal(instances.length, infrastructure.nodes.length);
    for (const { inputs } of instances)
      assert.deepEqual(inputs.metadataOptions, {
        httpEndpoint: "enabled",
        httpTokens: "required",
        httpPutResponseHopLimit: 1,
      });
  });

  it("outputs the login command, the cost, and the private key as a secret", async () => {
    const { infrastructure } = await create(STACK);
    const outputs = machineOutputs("aws", infrastructure);
    assert.match(outputs.cost ?? "", /estimated cost: \$0\.\d+ per hour/);
    assert.equal(await resolved(outputs.nodes[0]?.ssh ?? ""), "ssh -i aws.key ubuntu@198.51.100.7");
    assert.ok(outputs.privateKey);
    assert.equal(await resolved(outputs.privateKey as pulumi.Output<string>), "private login");
  });

  it("is refused before any lookup or build when no VPC can hold its subnets", async () => {
    const topology = JSON.stringify([
      { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1"] },
      { name: "b", cidr: "10.9.3.0/24", nodes: ["w1"] },
    ]);
    const [problem] = await problemsOf(() => create({ ...STACK, "encaplab:topology": topology }));
    assert.equal(problem?.key, "topology");
  });

  it("reads the other site's stack before it makes anything, and lets its nodes in", async () => {
    const link = { peer: "site-openstack", psk: "correct_horse" };
    const { made, infrastructure } = await create({
      ...STACK,
      "encaplab:topology": '[{"name":"vpc","cidr":"172.31.0.0/16","nodes":["cp1"]}]',
      "encaplab:link": JSON.stringify(link),
    });
    const { site, siteKey } = machineOutputs("test", infrastructure);
    assert.equal((await resolved(site))?.address, "203.0.113.20");
    assert.equal(await resolved(siteKey), "correct_horse");
    await Promise.all(infrastructure.nodes.map(({ resource }) => resource && resolved(resource.urn)));
    const at = (type: string) => made.findIndex((one) => one.type.endsWith(`:${type}`));
    assert.ok(at("StackReference") >= 0 && at("StackReference") < at("Vpc"));
    const ranges = made.map(({ inputs }) => inputs.cidrIpv4);
    assert.ok(ranges.includes("192.168.1.0/24"));
  });
});
