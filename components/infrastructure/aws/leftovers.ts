/**
 * Finds what is left of labs by their tags, in EC2 itself. Not with the Resource Groups Tagging API alone: it still lists
 * deleted machines for an hour and deleted volumes for longer (aws/aws-sdk#676, boto/boto3#1704), and a list that is
 * never empty after a destroy warns of nothing.
 */
import * as aws from "@pulumi/aws";
import type { LabConfig, ProviderSettings } from "../../config";
import { type ExpiredLab, expiredAmong, type Leftover, PROJECT_TAG } from "../common";
import { asking } from "./failure";
import { createProvider, findRegion } from "./provider";
import { type Ask, type Found, survey, type Tags } from "./survey";

/**
 * Everything in the region that has the stack's tags, in the order in which it can be deleted. It asks through the
 * provider, so call it inside a Pulumi program.
 * @param stack the labs' name in the cloud. Labs of other people may have the same.
 * @param labs the ids of the user's own labs.
 * @param settings the stack's own keys of the provider (`aws:profile`).
 * @throws {ConfigError} when no region is set, or a request to EC2 fails: what is left is then unknown.
 */
export async function findLeftovers(
  stack: string,
  labs: readonly string[],
  { aws: config = {} }: Pick<LabConfig, "aws">,
  settings: ProviderSettings,
): Promise<Leftover[]> {
  const region = findRegion(config, settings);
  const ask = askThrough(region, createProvider("aws", region, settings));
  const tags = { project: PROJECT_TAG, stack };
  const [all, ...own] = await Promise.all([
    survey(ask, tags),
    ...labs.map(async (lab) => ({ lab, found: await survey(ask, { ...tags, lab }) })),
  ]);
  return all.map((found) => {
    const lab = own.find((one) =>
      one.found.some(({ kind, id }) => kind === found.kind && id === found.id),
    )?.lab;
    return leftoverOf(found, region, lab);
  });
}

/** What was found as a leftover. */
export const leftoverOf = ({ kind, id, command }: Found, region: string, lab?: string): Leftover => ({
  kind,
  id,
  name: `${id} in ${region}`,
  ...(lab !== undefined && { lab }),
  command: command.replaceAll("aws ec2 ", `aws ec2 --region ${region} `),
});

/** Asks EC2 through a provider, and turns every error into a sentence. */
export function askThrough(region: string, provider: aws.Provider): Ask {
  const absent = { key: "aws.region", value: region, message: "EC2 has no such thing" };
  return (request) => asking(region, absent, /(?!)/, request({ provider }));
}

/** Types of resources that carry a lab's expiry. */
const DATED = ["ec2:instance", "ec2:volume", "ec2:vpc"];

/**
 * Every lab of the account that is past its time to live, of every owner and in every region that the account uses.
 * @param now milliseconds since 1970.
 */
export async function findExpired(
  now: number,
  { aws: config = {} }: Pick<LabConfig, "aws">,
  settings: ProviderSettings,
): Promise<ExpiredLab[]> {
  const home = findRegion(config, settings);
  const provider = createProvider("aws", home, settings);
  const regions = await askThrough(home, provider)((options) => aws.getRegions({}, options));
  const found = await Promise.all(
    regions.names.map(async (region) => {
      const ask = askThrough(region, provider);
      const tagFilters = [{ key: "project", values: [PROJECT_TAG] }];
      const { resourceTagMappingLists: tagged } = await ask((options) =>
        aws.resourcegroupstaggingapi.getResources(
          { region, tagFilters, resourceTypeFilters: DATED },
          options,
        ),
      );
      const named = expiredAmong(
        tagged.map(
          ({ tags }) =>
            (key) =>
              tags[key],
        ),
        now,
        region,
      );
      return Promise.all(named.map((lab) => there(lab, ask, region)));
    }),
  );
  return found.flat().filter(({ resources }) => resources > 0);
}

/** The same lab with the number of its resources that EC2 really has. */
async function there(lab: ExpiredLab, ask: Ask, region: string): Promise<ExpiredLab> {
  const { stack, owner, lab: id } = lab;
  const tags: Tags = { project: PROJECT_TAG, stack, ...(id ? { lab: id } : { owner }) };
  return { ...lab, resources: (await survey(ask, tags, region)).length };
}
