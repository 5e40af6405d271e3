/** The account's vCPU quota. In a new account it is often too small for a lab. */
import * as aws from "@pulumi/aws";
import { type AwsConfig, ConfigError, type ProviderSettings } from "../../config";
import type { LabPlan } from "../../plan";
import type { Found } from "./lookup";
import { hasOwnEndpoint } from "./provider";

/** Codes in Service Quotas for the vCPUs of running standard instances (families A, C, D, H, I, M, R, T and Z). */
const QUOTA = { onDemand: "L-1216C47A", spot: "L-34B43A08" };
const STANDARD_FAMILY = /^[acdhimrtz]\d/;

/**
 * Compares the vCPUs that the lab needs with the account's quota. If the quota cannot be read, the check passes,
 * because EC2's own error is clear.
 * @throws {ConfigError} when the quota is too small even for this lab alone.
 */
export async function checkQuota(
  plan: Pick<LabPlan, "nodes">,
  found: Pick<Found, "instanceType" | "vcpus" | "region">,
  { spot }: Pick<AwsConfig, "spot">,
  settings: ProviderSettings,
  provider: aws.Provider,
): Promise<void> {
  // An endpoint that the user has set may serve EC2 only, and the provider would retry for minutes.
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
      message: `as ${found.instanceType} they need ${needed} vCPUs, and the account's quota in ${found.region} is ${quota} (${quotaCode}); use fewer nodes, or request a larger quota in Service Quotas`,
    },
  ]);
}
