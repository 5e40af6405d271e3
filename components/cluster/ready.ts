/** Waiting for a node before the first thing is run on it. */
import * as pulumi from "@pulumi/pulumi";
import { type Connection, type Machine, type Target, waitForSsh } from "../infrastructure";

/** Seconds: a cloud's machine boots, one that exists is there. */
const BOOT_LIMIT = 300;
const REACH_LIMIT = 60;

/** A connection with every value known. Called where nothing is unknown any more: in a hook. */
export function known(connection: Connection): Promise<Target> {
  return new Promise((resolve) => {
    pulumi.output(connection).apply((value) => resolve(value as Target));
  });
}

/** One wait per node, however many steps ask for it at once. */
const waits = new WeakMap<Machine, Promise<void>>();

/**
 * Waits until one can log in on a node. The command provider would try ten times within seconds and then say `dial tcp`
 * (pulumi-command#1238); this waits as long as a boot takes, says what it waits for, and at last what to look at.
 */
export function whenReachable(node: Machine, resource: () => pulumi.Resource): Promise<void> {
  const waiting =
    waits.get(node) ??
    known(node.connection).then((target) =>
      waitForSsh(target, node.resource ? BOOT_LIMIT : REACH_LIMIT, (sentence) =>
        pulumi.log.info(`${node.name}: ${sentence}`, resource(), undefined, true),
      ),
    );
  waits.set(node, waiting);
  return waiting;
}
