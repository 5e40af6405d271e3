/** Waiting for a node before the first thing is run on it: a resource, on which all others of the node depend. */
import * as pulumi from "@pulumi/pulumi";
import { type Machine, PartResource } from "../infrastructure";

/** Seconds: a cloud's machine boots, one that exists is there. */
const BOOT_LIMIT = 300;
const REACH_LIMIT = 60;

/**
 * A node on which one can log in. The command provider would try ten times within seconds and then say `dial tcp`
 * (pulumi-command#1238); this waits as long as a boot takes, says what it waits for, and at last what to look at.
 */
export class Reachable extends PartResource {
  constructor(node: Machine, options: pulumi.CustomResourceOptions) {
    const { name, connection, resource } = node;
    const inputs = {
      name,
      machine: machineId(node),
      // Secret as a whole: with it one can log in.
      target: pulumi.secret(connection),
      limit: resource ? BOOT_LIMIT : REACH_LIMIT,
    };
    super("Reachable", { module: "components/cluster/parts.ts", export: "reachable" }, name, inputs, [], {
      ...options,
      deletedWith: resource,
    });
  }
}

/** Another text is another machine. */
export const machineId = ({
  identity,
  resource,
  connection: { host, port },
}: Machine): pulumi.Output<string> =>
  pulumi.output(identity ?? resource?.id ?? pulumi.interpolate`${host}:${port}`);
