/** A resource that waits for a node. Everything else that runs on the node depends on it. */
import * as pulumi from "@pulumi/pulumi";
import type { RemoteMachine } from "../infrastructure";
import { DynamicResource } from "../remote/dynamic";

/** In seconds. A cloud's machine still has to boot; an existing one should answer at once. */
const BOOT_LIMIT = 300;
const REACH_LIMIT = 60;

/**
 * Waits until you can log in to a node. The command provider would try ten times within seconds and then say `dial tcp`
 * (pulumi-command#1238). This waits as long as a boot takes, says what it waits for, and if it fails, what to check.
 */
export class Reachable extends DynamicResource {
  constructor(name: string, node: RemoteMachine, options: pulumi.CustomResourceOptions) {
    const { connection, resource } = node;
    const inputs = {
      name: node.name,
      machine: machineId(node),
      // All of it is secret: it is what you need to log in.
      target: pulumi.secret(connection),
      limit: resource ? BOOT_LIMIT : REACH_LIMIT,
    };
    super("Reachable", name, inputs, [], { ...options, deletedWith: resource });
  }
}

/** Identifies the machine. Changes when the machine is replaced. */
export const machineId = ({
  identity,
  resource,
  connection: { host, port },
}: RemoteMachine): pulumi.Output<string> =>
  pulumi.output(identity ?? resource?.id ?? pulumi.interpolate`${host}:${port}`);
