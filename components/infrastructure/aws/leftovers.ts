/**
 * Finds what is left of a lab by its tags, in EC2 itself. Not with the Resource Groups Tagging API: it still lists
 * deleted machines for an hour and deleted volumes for longer (aws/aws-sdk#676, boto/boto3#1704), and a list that is
 * never empty after a destroy warns of nothing.
 */
import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { LabConfig, ProviderSettings } from "../../config";
import { type Leftover, PROJECT_TAG } from "../common";
import { asking } from "./failure";
import { createProvider, findRegion } from "./provider";

type Tags = Record<string, string>;
type List = (tags: Tags, options: pulumi.InvokeOptions) => Promise<string[]>;

/** Every state but `terminated`: EC2 still lists such an instance for a while, but it is gone. */
const LIVING = ["pending", "running", "shutting-down", "stopping", "stopped"];

const ids = ({ ids: found }: { ids: string[] }): string[] => found;

/** For kinds of which the provider looks up exactly one. It reports none and several as errors. */
const one = (answer: Promise<{ id: string }>): Promise<string[]> =>
  answer.then(
    ({ id }) => [id],
    (error: Error) => {
      if (/no matching|no results|couldn't find resource|NotFound|empty result/i.test(error.message))
        return [];
      if (/multiple|more than one|too many/i.test(error.message)) return ["several"];
      throw error;
    },
  );

/** Every kind of tagged resource in a lab, in the order in which you would delete them by hand. */
const KINDS: readonly { kind: string; list: List }[] = [
  {
    kind: "instance",
    list: (instanceTags, options) =>
      aws.ec2.getInstances({ instanceTags, instanceStateNames: LIVING }, options).then(ids),
  },
  { kind: "volume", list: (tags, options) => aws.ebs.getEbsVolumes({ tags }, options).then(ids) },
  {
    kind: "key-pair",
    list: (tags, options) =>
      one(
        aws.ec2.getKeyPair(
          { filters: Object.entries(tags).map(([key, value]) => ({ name: `tag:${key}`, values: [value] })) },
          options,
        ),
      ),
  },
  { kind: "security-group", list: (tags, options) => aws.ec2.getSecurityGroups({ tags }, options).then(ids) },
  { kind: "route-table", list: (tags, options) => aws.ec2.getRouteTables({ tags }, options).then(ids) },
  { kind: "subnet", list: (tags, options) => aws.ec2.getSubnets({ tags }, options).then(ids) },
  { kind: "internet-gateway", list: (tags, options) => one(aws.ec2.getInternetGateway({ tags }, options)) },
  { kind: "vpc", list: (tags, options) => aws.ec2.getVpcs({ tags }, options).then(ids) },
];

/**
 * Everything in the region that has the stack's tags. It asks through the provider, so call it inside a Pulumi program.
 * @param stack the lab's name in the cloud.
 * @param settings the stack's own keys of the provider (`aws:profile`).
 * @throws {ConfigError} when no region is set, or a request to EC2 fails: what is left is then unknown.
 */
export async function findLeftovers(
  stack: string,
  { aws: config = {} }: Pick<LabConfig, "aws">,
  settings: ProviderSettings,
): Promise<Leftover[]> {
  const region = findRegion(config, settings);
  const provider = createProvider("aws", region, settings);
  const tags = { project: PROJECT_TAG, stack };
  const absent = { key: "aws.region", value: region, message: "EC2 has no such thing" };
  const found = await Promise.all(
    KINDS.map(async ({ kind, list }) => {
      const all = await asking(region, absent, /(?!)/, list(tags, { provider }));
      return all.map((id) => ({ kind, id, name: `${id} in ${region}` }));
    }),
  );
  return found.flat();
}
