/** The host key of an existing machine, for which the config names none. */
import * as pulumi from "@pulumi/pulumi";
import { DynamicResource } from "../../remote/dynamic";
import type { Connection } from "../interface";

/**
 * Records the key that a machine shows at the first login. From then on the lab accepts no other one. It is made before
 * anything else logs in to the machine, so that each later login, also the one of a destroy, is verified.
 */
export class HostKey extends DynamicResource {
  /** `ssh-ed25519 AAAA…` */
  declare readonly hostKey: pulumi.Output<string>;

  /**
   * @param machine the machine's name in messages.
   * @param connection how to log in, without a host key. Its jump host has one.
   */
  constructor(name: string, machine: string, connection: Connection, options: pulumi.CustomResourceOptions) {
    const inputs = {
      name: machine,
      machine: placeOf(connection),
      // All of it is secret: it is what you need to log in.
      target: pulumi.secret(connection),
    };
    super("HostKey", name, inputs, ["hostKey"], options);
  }
}

/** Identifies the machine: another address is another machine, with another key. */
function placeOf({ host, port, jump }: Connection): pulumi.Output<string> {
  const here = pulumi.interpolate`${host}:${port}`;
  return jump ? pulumi.interpolate`${here} over ${placeOf(jump)}` : here;
}

/**
 * The connection with the machine's host key: the one that the config names, else the recorded one.
 * @param record makes the {@link HostKey} of a connection without a key.
 */
export function withHostKey(connection: Connection, record: () => HostKey): Connection {
  return connection.hostKey ? connection : { ...connection, hostKey: ifKnown(record().hostKey) };
}

/**
 * A preview does not know the key of a machine before the first login: it is absent then. An unknown key in the
 * connection of a step would make the step's result unknown, and the preview of a cluster that was built without recorded
 * keys would announce that everything which depends on these results is replaced.
 */
const ifKnown = (key: pulumi.Output<string>): pulumi.Output<string | undefined> =>
  pulumi.output(isKnown(key).then((known) => (known ? key : undefined)));

/** The SDK has this field, but not in its public types. */
const isKnown = (output: pulumi.Output<unknown>): Promise<boolean> =>
  (output as unknown as { isKnown: Promise<boolean> }).isKnown;
