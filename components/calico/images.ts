/** Calico's images from files, as a resource of each node. */
import * as pulumi from "@pulumi/pulumi";
import { machineId } from "../cluster";
import { type Machine, PartResource } from "../infrastructure";
import type { Archive } from "./archives";

/** The images of some archives in a node's containerd, where kubelet finds them without a registry. */
export class Images extends PartResource {
  /** @param archives at least one. */
  constructor(node: Machine, archives: readonly Archive[], options: pulumi.CustomResourceOptions) {
    const { name, connection, resource } = node;
    const inputs = {
      name,
      machine: machineId(node),
      // Secret as a whole: it lets its reader log in.
      target: pulumi.secret(connection),
      archives,
    };
    const part = { module: "components/calico/parts.ts", export: "images" };
    super("Images", part, `images-${name}`, inputs, [], { ...options, deletedWith: resource });
  }
}
