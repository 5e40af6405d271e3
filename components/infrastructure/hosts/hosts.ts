/** The plan's nodes on existing machines, which stay after the lab. */
import * as pulumi from "@pulumi/pulumi";
import type { HostsConfig, MachineConfig } from "../../config";
import type { LabPlan } from "../../plan";
import { apiOf } from "../common";
import type { Connection, Endpoint, Machine, MachineInfrastructure } from "../interface";
import { connectionsTo } from "./login";

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
    this.nodes = plan.nodes.map((node) => ({
      ...node,
      connection: connections.get(node.name) as Connection,
    }));
    const { host, port } = apiOf(plan, this.nodes);
    this.api = { host: config.api?.address ?? host, port: config.api?.port ?? port };
    this.registerOutputs({
      addresses: Object.fromEntries(this.nodes.map((node) => [node.name, node.address])),
    });
  }
}
