/** The node containers' door: machines with systemd and SSH, on this machine, in the plan's subnets. */
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

/** Removes one machine; its provider says why all machines together cannot. */
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
  /** With it root of each node is logged in to. */
  publicKey: pulumi.Input<string>;
  /** Absolute path of a folder that is put over the plain root of each new node; the plain root alone when not given. */
  layer?: string | undefined;
}

/** The plan's nodes as node containers of this machine. Needs Linux and root. */
export class NodeContainers extends pulumi.ComponentResource {
  /** Recorded before anything real exists; ends with the lab, and everything else with it. */
  readonly place: pulumi.CustomResource;
  /** The nodes, as one. */
  readonly machines: pulumi.CustomResource;
  /** What removes one node's machine, by the node's name: deleted only after everything that depends on it. */
  readonly nodes: ReadonlyMap<string, pulumi.CustomResource>;
  readonly folder: pulumi.Output<string>;
  /** Of 127.0.0.1, to each node's SSH; by the node's name. */
  readonly ports: pulumi.Output<Record<string, number>>;
  /** `ssh-ed25519 AAAA…`, by the node's name; it belongs to the node's disk, so another key is another machine. */
  readonly hostKeys: pulumi.Output<Record<string, string>>;
  /** Of 127.0.0.1, to the control plane's port 6443. */
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
    // All machines end at once when the lab ends: none is then removed alone.
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
