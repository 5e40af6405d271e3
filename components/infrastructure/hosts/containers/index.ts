/** Public API of the node containers: machines with systemd and SSH on this machine, in the plan's subnets. */
import * as pulumi from "@pulumi/pulumi";
import type { LabPlan } from "../../../plan";
import { PartResource } from "../../part";
import { renderContainers } from "./containers";

export { type ContainersSpec, renderContainers } from "./containers";

const PARTS = "components/infrastructure/hosts/containers/parts.ts";

class Place extends PartResource {
  declare readonly folder: pulumi.Output<string>;

  constructor(stack: string, options: pulumi.CustomResourceOptions) {
    super("ContainersPlace", { module: PARTS, export: "place" }, "place", { stack }, ["folder"], options);
  }
}

class Machines extends PartResource {
  declare readonly ports: pulumi.Output<Record<string, number>>;
  declare readonly hostKeys: pulumi.Output<Record<string, string>>;
  declare readonly apiPort: pulumi.Output<number>;

  constructor(inputs: Record<string, unknown>, options: pulumi.CustomResourceOptions) {
    const outputs = ["ports", "hostKeys", "apiPort"];
    super("NodeContainers", { module: PARTS, export: "machines" }, "machines", inputs, outputs, options);
  }
}

/** Removes one machine. The comment of its provider says why {@link Machines} cannot. */
class ContainerNode extends PartResource {
  constructor(name: string, folder: pulumi.Output<string>, options: pulumi.CustomResourceOptions) {
    super(
      "ContainerNode",
      { module: PARTS, export: "node" },
      `machine-${name}`,
      { folder, name },
      [],
      options,
    );
  }
}

/** What the node containers are made from. */
export interface NodeContainersArgs {
  plan: LabPlan;
  /** The key for login as root on each node. */
  publicKey: pulumi.Input<string>;
  /** Absolute path of a folder laid over the plain root of each new node. Default: the plain root alone. */
  layer?: string | undefined;
}

/** The plan's nodes as node containers on this machine. Needs Linux and root. */
export class NodeContainers extends pulumi.ComponentResource {
  /** The lab folder. Recorded before anything real exists. Its deletion ends everything else too. */
  readonly place: pulumi.CustomResource;
  /** All machines as one resource. */
  readonly machines: pulumi.CustomResource;
  /** By node name, the resource that removes the node's machine. Deleted only after everything that depends on it. */
  readonly nodes: ReadonlyMap<string, pulumi.CustomResource>;
  readonly folder: pulumi.Output<string>;
  /** Ports of 127.0.0.1 that lead to each node's SSH, by node name. */
  readonly ports: pulumi.Output<Record<string, number>>;
  /** `ssh-ed25519 AAAA…` by node name. The key is on the node's disk: a new key is a new machine. */
  readonly hostKeys: pulumi.Output<Record<string, string>>;
  /** Port of 127.0.0.1 that leads to the control plane's port 6443. */
  readonly apiPort: pulumi.Output<number>;

  constructor(
    name: string,
    { plan, publicKey, layer }: NodeContainersArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("encaplab:hosts:NodeContainers", name, {}, options);
    const place = new Place(name, { parent: this });
    const spec = pulumi
      .output(publicKey)
      .apply((key) => renderContainers(plan, { name, publicKey: key, ...(layer && { layer }) }));
    const machines = new Machines({ folder: place.folder, spec }, { parent: this, deletedWith: place });
    // A destroy ends all machines at once, so that it does not remove them one by one.
    const alone = { parent: this, dependsOn: machines, deletedWith: machines };
    this.place = place;
    this.machines = machines;
    this.nodes = new Map(
      plan.nodes.map((node) => [node.name, new ContainerNode(node.name, place.folder, alone)]),
    );
    this.folder = place.folder;
    this.ports = machines.ports;
    this.hostKeys = machines.hostKeys;
    this.apiPort = machines.apiPort;
    this.registerOutputs({ folder: this.folder, ports: this.ports, apiPort: this.apiPort });
  }
}
