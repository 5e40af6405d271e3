/** The account's quota of vCPUs: new accounts often have one too small for a lab. */
import * as aws from "@pulumi/aws";
import { type AwsConfig, ConfigError, type ProviderSettings } from "../../config";
import type { LabPlan } from "../../plan";
import type { Found } from "./lookup";
import { hasOwnEndpoint } from "./provider";

/** Service Quotas' codes for the vCPUs of running standard instances (families A, C, D, H, I, M, R, T and Z). */
const QUOTA = { onDemand: "L-1216C47A", spot: "L-34B43A08" };
const STANDARD_FAMILY = /^[acdhimrtz]\d/;

/**
 * Compares what the lab needs with the account's quota. An account that may not be asked is taken to be large enough:
 * EC2 itself says no clearly then.
 * @throws {ConfigError} when the quota is too small even for this lab alone.
 */
export async function checkQuota(
  plan: Pick<LabPlan, "nodes">,
  found: Pick<Found, "instanceType" | "vcpus" | "region">,
  { spot }: Pick<AwsConfig, "spot">,
  settings: ProviderSettings,
  provider: aws.Provider,
): Promise<void> {
  // Behind an endpoint of the user's own there may be EC2 and nothing else, and the provider would try for minutes.
  if (!STANDARD_FAMILY.test(found.instanceType) || hasOwnEndpoint(settings)) return;
  const quotaCode = spot ? QUOTA.spot : QUOTA.onDemand;
  const quota = await aws.servicequotas
    .getServiceQuota({ serviceCode: "ec2", quotaCode }, { provider })
    .then(({ value }) => value)
    .catch(() => undefined);
  const needed = plan.nodes.length * found.vcpus;
  if (quota === undefined || quota >= needed) return;
  throw new ConfigError([
    {
      key: "topology",
      value: `${plan.nodes.length} nodes`,
      message: `as ${found.instanceType} they need ${needed} vCPUs, and the account's quota in ${found.region} is ${quota} (${quotaCode}); allowed are fewer nodes, or a larger quota from Service Quotas`,
    },
  ]);
}
