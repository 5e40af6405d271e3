/** Public API of the hosts infrastructure: the plan on existing machines, or on node containers in their place. */
import type * as pulumi from "@pulumi/pulumi";
import { CONTAINERS, ConfigError } from "../../config";
import type { InfrastructureArgs, MachineInfrastructure } from "../interface";
import { NodeContainers } from "./containers";
import { Hosts } from "./hosts";
import { findLayer } from "./layer";
import { findKey } from "./login";

export { Hosts, type HostsArgs } from "./hosts";

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
  const { machines, layer, jump, api } = config;
  if (machines === CONTAINERS) {
    return new NodeContainers(
      name,
      { plan, layer: findLayer(config), ...(prefix !== undefined && { prefix }) },
      options,
    );
  }
  if (!machines) {
    throw problem(
      "machines",
      undefined,
      `must be a list of machines, each { name, address, port, user, subnet, role }, or ${CONTAINERS} to make them on this machine; or set rehearse: true to play the plan on the twin`,
    );
  }
  if (layer !== undefined) {
    throw problem(
      "layer",
      layer,
      `only node containers have a layer: remove this key, or set machines: ${CONTAINERS}`,
    );
  }
  if (jump && !api) {
    throw problem(
      "api",
      undefined,
      `the machines are behind ${jump.address}, and kubectl and Pulumi reach the API without SSH: set { address, port }, where they can connect to it`,
    );
  }
  return new Hosts(name, { plan, config, machines, privateKey: findKey(config) }, options);
}

const problem = (key: string, value: unknown, message: string): ConfigError =>
  new ConfigError([{ key: `hosts.${key}`, value, message }]);
