/** The account's quotas of vCPUs and VPCs. In a new account they are often too small for a lab. */
import * as aws from "@pulumi/aws";
import { type AwsConfig, ConfigError, type Problem, type ProviderSettings } from "../../config";
import { type LabPlan, machineCount } from "../../plan";
import { PROJECT_TAG } from "../common";
import type { Found } from "./lookup";
import { hasOwnEndpoint } from "./provider";

/** Codes in Service Quotas: the vCPUs of running standard instances (families A, C, D, H, I, M, R, T and Z), and VPCs. */
const QUOTA = { onDemand: "L-1216C47A", spot: "L-34B43A08", vpcs: "L-F678F1CE" };
const STANDARD_FAMILY = /^[acdhimrtz]\d/;

/**
 * Compares what the lab needs with the account's quotas. What cannot be read passes, because EC2's own error is clear.
 * @param stack the lab's name in the cloud.
 * @throws {ConfigError} when the vCPUs are too few even for this lab alone, or there is no room for its VPC.
 */
export async function checkQuota(
  stack: string,
  plan: Pick<LabPlan, "nodes" | "peerSite">,
  found: Pick<Found, "instanceType" | "vcpus" | "region">,
  { spot = false }: Pick<AwsConfig, "spot">,
  settings: ProviderSettings,
  provider: aws.Provider,
): Promise<void> {
  // An endpoint that the user has set may serve EC2 only, and the provider would retry for minutes.
  if (hasOwnEndpoint(settings)) return;
  const problems = await Promise.all([
    checkCpus(plan, found, spot, provider),
    checkVpcs(stack, found.region, provider),
  ]);
  const short = problems.flatMap((problem) => problem ?? []);
  if (short.length > 0) throw new ConfigError(short);
}

/** A quota's value; undefined if it cannot be read. */
const quotaOf = (
  serviceCode: string,
  quotaCode: string,
  provider: aws.Provider,
): Promise<number | undefined> =>
  aws.servicequotas.getServiceQuota({ serviceCode, quotaCode }, { provider }).then(
    ({ value }) => value,
    () => undefined,
  );

async function checkCpus(
  plan: Pick<LabPlan, "nodes" | "peerSite">,
  { instanceType, vcpus, region }: Pick<Found, "instanceType" | "vcpus" | "region">,
  spot: boolean,
  provider: aws.Provider,
): Promise<Problem | undefined> {
  if (!STANDARD_FAMILY.test(instanceType)) return undefined;
  const quotaCode = spot ? QUOTA.spot : QUOTA.onDemand;
  const quota = await quotaOf("ec2", quotaCode, provider);
  const needed = machineCount(plan) * vcpus;
  if (quota === undefined || quota >= needed) return undefined;
  return {
    key: "topology",
    value: `${plan.nodes.length} nodes`,
    message: `as ${instanceType} they need ${needed} vCPUs, and the account's quota in ${region} is ${quota} (${quotaCode}); use fewer nodes, or request a larger quota in Service Quotas`,
  };
}

async function checkVpcs(
  stack: string,
  region: string,
  provider: aws.Provider,
): Promise<Problem | undefined> {
  const count = (tags?: Record<string, string>): Promise<number | undefined> =>
    aws.ec2.getVpcs(tags ? { tags } : {}, { provider }).then(
      ({ ids }) => ids.length,
      () => undefined,
    );
  const [quota, all, own] = await Promise.all([
    quotaOf("vpc", QUOTA.vpcs, provider),
    count(),
    count({ project: PROJECT_TAG, stack }),
  ]);
  if (quota === undefined || all === undefined || own !== 0 || all < quota) return undefined;
  return {
    key: "aws.region",
    value: region,
    message: `the lab needs a VPC, and ${region} has ${all} of the ${quota} that the account's quota allows (${QUOTA.vpcs}); delete one, choose another region, or request a larger quota in Service Quotas`,
  };
}
