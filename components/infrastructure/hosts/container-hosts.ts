/** The plan's nodes as containers on this machine: a real cluster, gone without a trace after a destroy. */
import * as pulumi from "@pulumi/pulumi";
import type { LabPlan } from "../../plan";
import type { Endpoint, Machine, MachineInfrastructure } from "../interface";
import { createLogin } from "../key";
import { NodeContainers } from "./containers";

/** The containers are reached through loopback listeners on this machine. */
const HERE = "127.0.0.1";

/** What the containers are made from. */
export interface ContainerHostsArgs {
  plan: LabPlan;
  /** Absolute path of a folder laid over the plain root of each new node. Default: the plain root alone. */
  layer?: string | undefined;
}

/** The lab's machines as node containers, with the lab's own login key. */
export class ContainerHosts extends pulumi.ComponentResource implements MachineInfrastructure {
  readonly nodes: Machine[];
  readonly api: Endpoint;
  readonly ownKey: pulumi.Output<string> | undefined;

  constructor(name: string, { plan, layer }: ContainerHostsArgs, options?: pulumi.ComponentResourceOptions) {
    super("encaplab:hosts:ContainerHosts", name, {}, options);
    const login = createLogin(undefined, { parent: this });
    const args = { plan, publicKey: login.publicKey, layer };
    const containers = new NodeContainers(name, args, { parent: this });
    this.nodes = plan.nodes.map((node) => {
      const of = <T>(all: pulumi.Output<Record<string, T>>) => all.apply((known) => known[node.name] as T);
      const hostKey = of(containers.hostKeys);
      return {
        ...node,
        resource: containers.nodes.get(node.name) as pulumi.CustomResource,
        // The host key is on the node's disk: a new disk is a new machine.
        identity: hostKey,
        connection: {
          host: HERE,
          port: of(containers.ports),
          user: "root",
          privateKey: login.privateKey,
          hostKey,
        },
      };
    });
    this.ownKey = login.privateKey;
    this.api = { host: HERE, port: containers.apiPort };
    this.registerOutputs({ folder: containers.folder });
  }
}
