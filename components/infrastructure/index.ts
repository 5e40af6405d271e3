/** Public API of the infrastructure: the plan on the chosen cloud. */
import type * as pulumi from "@pulumi/pulumi";
import { ConfigError } from "../config";
import type { InfrastructureArgs, MachineInfrastructure } from "./interface";
import type { Twin } from "./twin";

export { childrenOf, KeyPair, presharedKey, renderSwanctl, startsLink } from "./common";
export type {
  CloudInfrastructure,
  CloudNode,
  Connection,
  CostEstimate,
  Endpoint,
  Infrastructure,
  InfrastructureArgs,
  LabNode,
  Machine,
  MachineInfrastructure,
  RemoteMachine,
  SiteEnd,
  SiteGateway,
  SiteOutput,
} from "./interface";
export { STATE_HOME } from "./lab-folder";
export type { ExpiredLab, Leftover } from "./leftovers";
export { machineOutputs } from "./outputs";
export type { Sandbox, Twin } from "./twin";

/** Builds the plan's network on this machine instead of its cloud. */
export function createTwin(
  name: string,
  args: InfrastructureArgs,
  options?: pulumi.ComponentResourceOptions,
): Twin {
  const twin = require("./twin") as typeof import("./twin");
  const { plan, prefix, config } = args;
  return new twin.Twin(name, { plan, prefix, psk: config.link?.psk }, options);
}

/**
 * Builds the plan's nodes on its cloud. Only the chosen cloud's code (and SDK) is loaded.
 * @throws {ConfigError} when the cloud cannot give what the config asks for.
 */
export async function createMachines(
  name: string,
  args: InfrastructureArgs,
  options?: pulumi.ComponentResourceOptions,
): Promise<MachineInfrastructure> {
  const { config, ...rest } = args;
  const psk = config.link?.psk;
  refuseTenants(args);
  switch (args.plan.onContainers ? "hosts" : args.plan.cloud) {
    case "aws": {
      const { AwsInfrastructure } = require("./aws") as typeof import("./aws");
      return AwsInfrastructure.create(name, { ...rest, psk, config: config.aws }, options);
    }
    case "openstack": {
      const { OpenStackInfrastructure } = require("./openstack") as typeof import("./openstack");
      return OpenStackInfrastructure.create(name, { ...rest, psk, config: config.openstack }, options);
    }
    default: {
      const { createHosts } = require("./hosts") as typeof import("./hosts");
      return createHosts(name, args, options);
    }
  }
}

/** On machines a tenant network is OpenStack's own, which the lab does not run. */
function refuseTenants({ plan: { tenant } }: InfrastructureArgs): void {
  if (!tenant) return;
  const message =
    "only the twin builds a tenant network: set rehearse: twin; on OpenStack's own compute hosts leave it out, and plug them in with the component TenantPort";
  throw new ConfigError([{ key: "tenants", value: tenant.cidr, message }]);
}
