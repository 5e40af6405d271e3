/** Calico's images from archives, as a resource of each node. */
import * as pulumi from "@pulumi/pulumi";
import { machineId } from "../cluster";
import { type Machine, PartResource } from "../infrastructure";
import type { Archive } from "./archives";

/** The images of the archives in a node's containerd, where the kubelet finds them without a registry. */
export class Images extends PartResource {
  /** @param archives at least one. */
  constructor(node: Machine, archives: readonly Archive[], options: pulumi.CustomResourceOptions) {
    const { name, connection, resource } = node;
    const inputs = {
      name,
      machine: machineId(node),
      // All of it is secret: it is what you need to log in.
      target: pulumi.secret(connection),
      archives,
    };
    const part = { module: "components/calico/parts.ts", export: "images" };
    super("Images", part, `images-${name}`, inputs, [], { ...options, deletedWith: resource });
  }
}
