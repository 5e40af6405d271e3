/** Public API of the node containers: machines with systemd and SSH on this machine, in the plan's subnets. */
import * as pulumi from "@pulumi/pulumi";
import type { LabPlan } from "../../../plan";
import { DYNAMIC_TYPE, DynamicResource, formerUrn, withFormerUrn } from "../../../remote/dynamic";
import { createLogin } from "../../common";
import type { Endpoint, Machine, MachineInfrastructure } from "../../interface";
import { renderContainers } from "./containers";

export { type ContainersSpec, renderContainers } from "./containers";
export { requireDrivers } from "./kernel";

/** The containers are reached through listeners on this machine's loopback address. */
const HERE = "127.0.0.1";

/** Until version 0.1 this was two components, one inside the other. */
const OUTER = "encaplab:hosts:ContainerHosts";
const inner = (type: string, name: string) => ({
  aliases: [formerUrn([OUTER, "encaplab:hosts:NodeContainers", `${DYNAMIC_TYPE}${type}`], name)],
});

class Folder extends DynamicResource {
  declare readonly folder: pulumi.Output<string>;

  constructor(name: string, stack: string, options: pulumi.CustomResourceOptions) {
    super("ContainersFolder", name, { stack }, ["folder"], {
      ...options,
      ...inner("ContainersPlace", "place"),
    });
  }
}

class Machines extends DynamicResource {
  declare readonly ports: pulumi.Output<Record<string, number>>;
  declare readonly hostKeys: pulumi.Output<Record<string, string>>;
  declare readonly apiPort: pulumi.Output<number>;

  constructor(name: string, inputs: Record<string, unknown>, options: pulumi.CustomResourceOptions) {
    super("NodeContainers", name, inputs, ["ports", "hostKeys", "apiPort"], {
      ...options,
      ...inner("NodeContainers", name),
    });
  }
}

/** Removes one machine. The comment of its provider says why {@link Machines} cannot. */
class ContainerNode extends DynamicResource {
  constructor(
    name: string,
    inputs: { folder: pulumi.Output<string>; name: string },
    options: pulumi.CustomResourceOptions,
  ) {
    super("ContainerNode", name, inputs, [], { ...options, ...inner("ContainerNode", name) });
  }
}

/** What {@link NodeContainers} is made from. */
export interface NodeContainersArgs {
  plan: LabPlan;
  /** Absolute path of a folder laid over the plain root of each new node. Default: the plain root alone. */
  layer?: string | undefined;
  /** Begins the name of every resource. Default: the component's name and a hyphen. */
  prefix?: string | undefined;
}

/**
 * The plan's nodes as node containers on this machine, with the lab's own login key: machines with systemd and SSH in the
 * plan's subnets, which are gone without a trace after a destroy. Needs Linux and root.
 *
 * @example
 * ```ts
 * import { Cluster, NodeContainers, parseConfig, planLab } from "encaplab";
 *
 * const plan = planLab(parseConfig({ cloud: "hosts", hosts: { machines: "containers" } }));
 * const infrastructure = new NodeContainers("study", { plan });
 * export const { kubeconfig } = new Cluster("cluster", { plan, infrastructure });
 * ```
 */
export class NodeContainers extends pulumi.ComponentResource implements MachineInfrastructure {
  readonly nodes: Machine[];
  readonly api: Endpoint;
  readonly ownKey: pulumi.Output<string> | undefined;
  /** Recorded before anything real exists. Its deletion ends everything else too. */
  readonly labFolder: pulumi.CustomResource;
  readonly folder: pulumi.Output<string>;
  /** All machines as one resource. */
  readonly machines: pulumi.CustomResource;

  constructor(
    name: string,
    { plan, layer, prefix = `${name}-` }: NodeContainersArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("encaplab:hosts:NodeContainers", name, {}, withFormerUrn(options, [OUTER], name));
    const login = createLogin(`${prefix}login`, undefined, { parent: this });
    const labFolder = new Folder(`${prefix}folder`, name, { parent: this });
    const { folder } = labFolder;
    const spec = pulumi
      .output(login.publicKey)
      .apply((key) => renderContainers(plan, { name, publicKey: key, ...(layer && { layer }) }));
    const inside = { parent: this, deletedWith: labFolder };
    const machines = new Machines(`${prefix}machines`, { folder, spec }, inside);
    // A destroy ends all machines at once, so that it does not remove them one by one.
    const alone = { parent: this, dependsOn: machines, deletedWith: machines };
    this.nodes = plan.nodes.map((node) => {
      const of = <T>(all: pulumi.Output<Record<string, T>>) => all.apply((known) => known[node.name] as T);
      const hostKey = of(machines.hostKeys);
      return {
        ...node,
        resource: new ContainerNode(`${prefix}machine-${node.name}`, { folder, name: node.name }, alone),
        // The host key is on the node's disk: a new disk is a new machine.
        identity: hostKey,
        connection: {
          host: HERE,
          port: of(machines.ports),
          user: "root",
          privateKey: login.privateKey,
          hostKey,
        },
      };
    });
    this.labFolder = labFolder;
    this.folder = folder;
    this.machines = machines;
    this.ownKey = login.privateKey;
    this.api = { host: HERE, port: machines.apiPort };
    this.registerOutputs({ folder, ports: machines.ports, apiPort: machines.apiPort });
  }
}
