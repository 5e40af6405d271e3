/**
 * What of a lab is still there, by its tags, asked of EC2 itself. Not of the resource groups tagging API: that goes on
 * listing what was deleted, machines for an hour and volumes for longer (aws/aws-sdk#676, boto/boto3#1704), and a list
 * that is never empty after a destroy warns of nothing.
 */
import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { PROJECT_TAG } from "../tags";
import { asking } from "./failure";

/** A thing that was made for a stack. */
export interface Leftover {
  kind: string;
  id: string;
}

type Tags = Record<string, string>;
type List = (tags: Tags, options: pulumi.InvokeOptions) => Promise<string[]>;

/** Every state but `terminated`: such an instance is gone, EC2 only still shows it. */
const LIVING = ["pending", "running", "shutting-down", "stopping", "stopped"];

const ids = ({ ids: found }: { ids: string[] }): string[] => found;

/** For what the provider can only look up one of: none is an error of its own, and so are several. */
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

/** Every kind of thing of the lab that bears tags, in the order in which one would delete them by hand. */
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

/** @throws {ConfigError} when EC2 cannot be asked: then nothing is known of what is there. */
export async function findLeftovers(
  stack: string,
  region: string,
  provider: aws.Provider,
): Promise<Leftover[]> {
  const tags = { project: PROJECT_TAG, stack };
  const absent = { key: "aws.region", value: region, message: "EC2 has no such thing" };
  const found = await Promise.all(
    KINDS.map(async ({ kind, list }) => {
      const all = await asking(region, absent, /(?!)/, list(tags, { provider }));
      return all.map((id) => ({ kind, id }));
    }),
  );
  return found.flat();
}
