/** The provider: which region, with whose credentials. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { type AwsConfig, ConfigError, type ProviderSettings } from "../../config";

/**
 * The region to build in: the config's, else the stack's `aws:region`, else the environment's, else the one of the AWS
 * profile in use. The order is that of the AWS SDKs, with the stack before the machine.
 * @throws {ConfigError} when none of these names one.
 */
export function findRegion(
  config: AwsConfig,
  settings: ProviderSettings,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const { AWS_REGION, AWS_DEFAULT_REGION } = environment;
  const stack = typeof settings.region === "string" ? settings.region : undefined;
  const region =
    config.region ?? stack ?? (AWS_REGION || AWS_DEFAULT_REGION || profileRegion(settings, environment));
  if (region) return region;
  throw new ConfigError([
    {
      key: "aws.region",
      value: undefined,
      message:
        "neither AWS_REGION nor the AWS profile names a region either; allowed is one such as eu-central-1: pulumi config set --path aws.region eu-central-1",
    },
  ]);
}

/** The `region` of the profile in use in the AWS CLI's config file. */
function profileRegion(
  settings: ProviderSettings,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const profile = String(settings.profile ?? (environment.AWS_PROFILE || "default"));
  const file = environment.AWS_CONFIG_FILE || join(environment.HOME || homedir(), ".aws", "config");
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
  const title = profile === "default" ? /^(profile +)?default$/ : undefined;
  for (const section of text.split(/^\s*\[/m).slice(1)) {
    const name = section.slice(0, section.indexOf("]")).trim();
    if (title ? title.test(name) : name === `profile ${profile}`)
      return /^\s*region\s*=\s*(\S+)/m.exec(section)?.[1];
  }
  return undefined;
}

/**
 * Does the stack or the environment say where EC2 is? Behind such an endpoint there may be a private cloud or a stand-in
 * for EC2, with less of AWS around it.
 */
export function hasOwnEndpoint(
  settings: ProviderSettings,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  return (
    ownEndpoints(settings).has("ec2") ||
    Boolean(environment.AWS_ENDPOINT_URL || environment.AWS_ENDPOINT_URL_EC2)
  );
}

/** The services of which the stack's `aws:endpoints` says where they are. */
function ownEndpoints({ endpoints }: ProviderSettings): Set<string> {
  return new Set([endpoints ?? []].flat().flatMap((entry) => (entry ? Object.keys(entry) : [])));
}

/** What the provider takes as numbers; `pulumi config set` stores text. */
const NUMBERS = ["maxRetries", "tokenBucketRateLimiterCapacity"];

/**
 * A provider resource of the lab's own, so that its region is the lab's and not whatever the environment says at the next
 * `up`. It has no default tags: the time of expiry among them is known only after the first resource exists, and a
 * provider with an unknown setting could not be asked anything at the first preview.
 */
export function createProvider(
  region: string,
  settings: ProviderSettings,
  options?: pulumi.ResourceOptions,
): aws.Provider {
  const named = ownEndpoints(settings);
  const elsewhere = {
    // The provider asks AWS's own STS about the credentials, wherever `endpoints` says that STS is.
    ...(named.has("ec2") && { skipCredentialsValidation: true }),
    ...(named.has("ec2") && !named.has("sts") && { skipRequestingAccountId: true }),
  };
  const numbers = NUMBERS.flatMap((key) =>
    settings[key] === undefined ? [] : [[key, Number(settings[key])]],
  );
  const args = { ...elsewhere, ...settings, ...Object.fromEntries(numbers), region };
  return new aws.Provider("aws", args as aws.ProviderArgs, options);
}
