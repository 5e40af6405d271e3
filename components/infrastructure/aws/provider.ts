/** The AWS provider: which region, with which credentials. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { type AwsConfig, ConfigError, type ProviderSettings } from "../../config";

/**
 * The region to build in: from the config, else the stack's `aws:region`, else the environment, else the AWS profile in
 * use. This is the order of the AWS SDKs, with the stack before the machine.
 * @throws {ConfigError} when none of these sets a region.
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
        "AWS_REGION and the AWS profile set no region either; set one such as eu-central-1: pulumi config set --path aws.region eu-central-1",
    },
  ]);
}

/** The `region` of the profile in use, from the AWS CLI's config file. */
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
 * Whether the stack or the environment sets EC2's endpoint. It may then be a private cloud or a stand-in for EC2, with
 * less of AWS around it.
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

/** The services whose endpoint is set in the stack's `aws:endpoints`. */
function ownEndpoints({ endpoints }: ProviderSettings): Set<string> {
  return new Set([endpoints ?? []].flat().flatMap((entry) => (entry ? Object.keys(entry) : [])));
}

/** Settings that the provider takes as numbers; `pulumi config set` stores text. */
const NUMBERS = ["maxRetries", "tokenBucketRateLimiterCapacity"];

/**
 * The lab's own provider resource. It keeps the lab's region even if the environment names another one at the next
 * `up`. It has no default tags: the expiry, one of them, is known only after the first resource exists, and at the
 * first preview a provider with an unknown setting answers no lookup.
 */
export function createProvider(
  name: string,
  region: string,
  settings: ProviderSettings,
  options?: pulumi.ResourceOptions,
): aws.Provider {
  return new aws.Provider(name, providerArgs(region, settings) as aws.ProviderArgs, options);
}

/** The settings of the lab's provider. */
export function providerArgs(region: string, settings: ProviderSettings): Record<string, unknown> {
  const named = ownEndpoints(settings);
  const elsewhere = {
    // The provider checks credentials with AWS's own STS, even if `endpoints` sets another one.
    ...(named.has("ec2") && { skipCredentialsValidation: true }),
    ...(named.has("ec2") && !named.has("sts") && { skipRequestingAccountId: true }),
  };
  const numbers = NUMBERS.flatMap((key) =>
    settings[key] === undefined ? [] : [[key, Number(settings[key])]],
  );
  return { ...elsewhere, ...settings, ...Object.fromEntries(numbers), region };
}
