/** Lists what the provider only looks up one at a time. */
import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { Tags } from "./kind";

/** Tags as filters of EC2's Describe requests. */
export const filtersOf = (tags: Tags) =>
  Object.entries(tags).map(([key, value]) => ({ name: `tag:${key}`, values: [value] }));

/** What the provider says when there is none. */
const NONE = /no matching|no results|couldn't find resource|NotFound|empty result/i;

/**
 * For kinds of which the provider looks up exactly one, and reports none and several as errors. The names of several come
 * from the tagging API, and each is looked up by its own id: the tagging API also lists what is gone.
 * @param alsoNone other errors that mean that there is none.
 */
export async function eachOf(
  kind: string,
  lookUp: (id?: string) => Promise<string>,
  tags: Tags,
  region: string | undefined,
  options: pulumi.InvokeOptions,
  alsoNone?: RegExp,
): Promise<string[]> {
  const one = (id?: string): Promise<string[] | "several"> =>
    lookUp(id).then(
      (found) => [found],
      (error: Error) => {
        if (NONE.test(error.message) || alsoNone?.test(error.message)) return [];
        if (/multiple|more than one|too many/i.test(error.message)) return "several";
        throw error;
      },
    );
  const found = await one();
  if (found !== "several") return found;
  const tagFilters = Object.entries(tags).map(([key, value]) => ({ key, values: [value] }));
  const { resourceTagMappingLists: listed } = await aws.resourcegroupstaggingapi.getResources(
    { region, tagFilters, resourceTypeFilters: [`ec2:${kind}`] },
    options,
  );
  const named = listed.map(({ resourceArn }) => resourceArn.slice(resourceArn.lastIndexOf("/") + 1));
  return (await Promise.all(named.map(one))).flatMap((each) => (each === "several" ? [] : each));
}
