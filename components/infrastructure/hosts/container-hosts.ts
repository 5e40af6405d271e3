/** The plan's nodes as containers of this machine: a cluster as real as on hosts, gone without a trace. */
import * as pulumi from "@pulumi/pulumi";
import type { LabPlan } from "../../plan";
import type { Endpoint, Machine, MachineInfrastructure } from "../interface";
import { createLogin } from "../key";
import { NodeContainers } from "./containers";

/** The containers' ways in are loopback listeners of this machine. */
const HERE = "127.0.0.1";

/** What the containers are made from. */
export interface ContainerHostsArgs {
  plan: LabPlan;
  /** Absolute path of a folder that is put over the plain root of each new node. */
  layer?: string | undefined;
}

/** The lab's machines as node containers, with a login key of the lab's own. */
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
        // The key lies on the node's disk: with another disk it is another machine.
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
