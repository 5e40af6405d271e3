/** Calico's images from archives, as a resource of each node. */
import * as pulumi from "@pulumi/pulumi";
import { machineId } from "../cluster";
import type { Machine } from "../infrastructure";
import { DynamicResource } from "../remote/dynamic";
import type { Archive } from "./archives";

/** The images of the archives in a node's containerd, where the kubelet finds them without a registry. */
export class Images extends DynamicResource {
  /** @param archives at least one. */
  constructor(
    name: string,
    node: Machine,
    archives: readonly Archive[],
    options: pulumi.CustomResourceOptions,
  ) {
    const { connection, resource } = node;
    const inputs = {
      name: node.name,
      machine: machineId(node),
      // All of it is secret: it is what you need to log in.
      target: pulumi.secret(connection),
      archives,
    };
    super("Images", name, inputs, [], { ...options, deletedWith: resource });
  }
}
