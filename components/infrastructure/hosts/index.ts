/** The hosts' door: the plan on machines that exist, or on node containers that stand in for them. */
import type * as pulumi from "@pulumi/pulumi";
import { CONTAINERS, ConfigError } from "../../config";
import type { InfrastructureArgs, MachineInfrastructure } from "../interface";
import { ContainerHosts } from "./container-hosts";
import { Hosts } from "./hosts";
import { findLayer } from "./layer";
import { findKey } from "./login";

/**
 * The plan's nodes on the machines that the config names.
 *
 * @throws {ConfigError} before anything is touched, when the machines or the key to them are missing, the API could not be
 *   reached, or the layer cannot be used.
 */
export function createHosts(
  name: string,
  { plan, config: { hosts: config = {} } }: InfrastructureArgs,
  options?: pulumi.ComponentResourceOptions,
): MachineInfrastructure {
  const { machines, layer, jump, api } = config;
  if (machines === CONTAINERS) {
    return new ContainerHosts(name, { plan, layer: findLayer(config) }, options);
  }
  if (!machines) {
    throw problem(
      "machines",
      undefined,
      `which machines? Allowed is a list, each { name, address, port, user, subnet, role }; ${CONTAINERS}, which are made on this machine; or rehearse: true, which plays the plan on the twin`,
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
      `kubectl and Pulumi reach the API without SSH: say where they find it when the machines stand behind ${jump.address}, { address, port }`,
    );
  }
  return new Hosts(name, { plan, config, machines, privateKey: findKey(config) }, options);
}

const problem = (key: string, value: unknown, message: string): ConfigError =>
  new ConfigError([{ key: `hosts.${key}`, value, message }]);
