/** The plan's nodes on existing machines, which stay after the lab. */
import * as pulumi from "@pulumi/pulumi";
import type { HostsConfig, MachineConfig } from "../../config";
import type { LabPlan } from "../../plan";
import { apiOf } from "../endpoint";
import type { Connection, Endpoint, Machine, MachineInfrastructure } from "../interface";
import { PartResource } from "../part";
import { connectionsTo } from "./login";

/** The lab's use of a machine. Its deletion undoes what the lab did there. */
class Tenancy extends PartResource {
  constructor(name: string, connection: Connection, podCidr: string, options: pulumi.CustomResourceOptions) {
    const part = { module: "components/infrastructure/hosts/parts.ts", export: "tenancy" };
    // The whole connection is secret: with it, anyone can log in.
    super("Tenancy", part, name, { name, target: pulumi.secret(connection), podCidr }, [], options);
  }
}

/** What {@link Hosts} is made from. */
export interface HostsArgs {
  plan: LabPlan;
  config: HostsConfig;
  machines: readonly MachineConfig[];
  /** The login key. If undefined, the SSH agent is used. */
  privateKey: pulumi.Output<string> | undefined;
}

/** The lab's machines, which the config lists. */
export class Hosts extends pulumi.ComponentResource implements MachineInfrastructure {
  readonly nodes: Machine[];
  readonly api: Endpoint;

  constructor(
    name: string,
    { plan, config, machines, privateKey }: HostsArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("encaplab:hosts:Hosts", name, {}, options);
    const connections = connectionsTo(config, machines, privateKey);
    this.nodes = plan.nodes.map((node) => {
      const connection = connections.get(node.name) as Connection;
      const tenancy = new Tenancy(node.name, connection, plan.ipPool.cidr, { parent: this });
      return { ...node, connection, tenancy };
    });
    const { host, port } = apiOf(this.nodes);
    this.api = { host: config.api?.address ?? host, port: config.api?.port ?? port };
    this.registerOutputs({
      addresses: Object.fromEntries(this.nodes.map((node) => [node.name, node.address])),
    });
  }
}
