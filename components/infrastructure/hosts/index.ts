/** The hosts' door: the plan on machines that exist, or on node containers that stand in for them. */
import type * as pulumi from "@pulumi/pulumi";
import { CONTAINERS, ConfigError } from "../../config";
import type { InfrastructureArgs, MachineInfrastructure } from "../interface";
import { ContainerHosts } from "./container-hosts";
import { Hosts } from "./hosts";
import { findKey } from "./login";

/**
 * @throws {ConfigError} before anything is touched, when the machines or the key to them are missing, or the API could not
 *   be reached.
 */
export function createHosts(
  name: string,
  { plan, config: { hosts: config = {} } }: InfrastructureArgs,
  options?: pulumi.ComponentResourceOptions,
): MachineInfrastructure {
  const { machines, jump, api } = config;
  if (machines === CONTAINERS) return new ContainerHosts(name, { plan }, options);
  if (!machines) {
    throw problem(
      "machines",
      undefined,
      `which machines? Allowed is a list, each { name, address, port, user, subnet, role }; ${CONTAINERS}, which are made on this machine; or rehearse: true, which plays the plan on the twin`,
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
