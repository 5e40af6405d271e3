/** Public API of the hosts infrastructure: the plan on existing machines, or on node containers in their place. */
import type * as pulumi from "@pulumi/pulumi";
import type { InfrastructureArgs, MachineInfrastructure } from "../interface";
import { NodeContainers } from "./containers";
import { Hosts } from "./hosts";
import { findLayer } from "./layer";

export { Hosts, type HostsArgs } from "./hosts";
export { targetsOf } from "./login";

/**
 * Declares the plan's nodes on the machines that the config names.
 * @throws {ConfigError} before anything is touched, when the machines or their login key are missing, the API would be
 *   unreachable, or the layer cannot be used.
 */
export function createHosts(
  name: string,
  { plan, config: { hosts: config = {} }, prefix }: InfrastructureArgs,
  options?: pulumi.ComponentResourceOptions,
): MachineInfrastructure {
  return plan.onContainers
    ? new NodeContainers(name, { plan, layer: findLayer(config), prefix }, options)
    : new Hosts(name, { plan, config, prefix }, options);
}
