/** Public API of the hosts infrastructure: the plan on existing machines, or on node containers in their place. */
import type * as pulumi from "@pulumi/pulumi";
import type { InfrastructureArgs, MachineInfrastructure } from "../interface";
import { NodeContainers, requireDrivers } from "./containers";
import { Hosts } from "./hosts";
import { findLayer } from "./layer";

export { Hosts, type HostsArgs } from "./hosts";
export { targetsOf } from "./login";

/**
 * Declares the plan's nodes on the machines that the config names.
 * @throws {ConfigError} before anything is touched, when the machines or their login key are missing, the API would be
 *   unreachable, the layer cannot be used, or this machine's kernel lacks a driver for node containers.
 */
export function createHosts(
  name: string,
  { plan, config: { hosts: config = {} }, prefix }: InfrastructureArgs,
  options?: pulumi.ComponentResourceOptions,
): MachineInfrastructure {
  if (!plan.onContainers) return new Hosts(name, { plan, config, prefix }, options);
  requireDrivers(plan);
  return new NodeContainers(name, { plan, layer: findLayer(config), prefix }, options);
}
