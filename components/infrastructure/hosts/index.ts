/** The hosts' door: the plan on machines that exist, which live on when the lab ends. */
import * as pulumi from "@pulumi/pulumi";
import { CONTAINERS, ConfigError, type HostsConfig, type MachineConfig } from "../../config";
import type { LabPlan } from "../../plan";
import { apiOf } from "../endpoint";
import type { Connection, Endpoint, InfrastructureArgs, Machine, MachineInfrastructure } from "../interface";
import { PartResource } from "../part";
import { connectionsTo } from "./machines";

/** A machine's use by the lab: what the lab did there is taken back when it ends. */
class Tenancy extends PartResource {
  constructor(name: string, connection: Connection, podCidr: string, options: pulumi.CustomResourceOptions) {
    const part = { module: "components/infrastructure/hosts/parts.ts", export: "tenancy" };
    // Secret as a whole: with it one can log in.
    super("Tenancy", part, name, { name, target: pulumi.secret(connection), podCidr }, [], options);
  }
}

export interface HostsArgs {
  plan: LabPlan;
  config: HostsConfig;
  machines: readonly MachineConfig[];
}

/** The plan's nodes on machines that were there before. */
export class Hosts extends pulumi.ComponentResource implements MachineInfrastructure {
  readonly nodes: Machine[];
  readonly api: Endpoint;

  constructor(
    name: string,
    { plan, config, machines }: HostsArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("encaplab:hosts:Hosts", name, {}, options);
    const connections = connectionsTo(config, machines);
    this.nodes = plan.nodes.map((node) => {
      const connection = connections.get(node.name) as Connection;
      const tenancy = new Tenancy(node.name, connection, plan.ipPool.cidr, { parent: this });
      return { ...node, connection, tenancy };
    });
    const { api } = config;
    this.api = api
      ? { ...apiOf(this.nodes), host: api.address, ...(api.port && { port: api.port }) }
      : apiOf(this.nodes);
    this.registerOutputs({
      addresses: Object.fromEntries(this.nodes.map((node) => [node.name, node.address])),
    });
  }
}

/**
 * @throws {ConfigError} before anything is touched, when the machines or the key to them are missing, or the API could not
 *   be reached.
 */
export function createHosts(
  name: string,
  { plan, config: { hosts: config = {} } }: InfrastructureArgs,
  options?: pulumi.ComponentResourceOptions,
): Hosts {
  const { machines, jump, api } = config;
  if (!machines || machines === CONTAINERS) {
    throw new ConfigError([
      {
        key: "hosts.machines",
        value: machines,
        message:
          "which machines? Allowed is a list, each { name, address, port, user, subnet, role }, or rehearse: true, which plays the plan on the twin",
      },
    ]);
  }
  if (jump && !api) {
    throw new ConfigError([
      {
        key: "hosts.api",
        value: undefined,
        message: `kubectl and Pulumi reach the API without SSH: say where they find it when the machines stand behind ${jump.address}, { address, port }`,
      },
    ]);
  }
  return new Hosts(name, { plan, config, machines }, options);
}
