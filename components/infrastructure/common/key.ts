/** SSH keys: the login key, and the nodes' host keys. */
import * as pulumi from "@pulumi/pulumi";
import { DynamicResource } from "../../remote/dynamic";
import type { Connection } from "../interface";

/** A key pair made once and kept in the stack's state, the private half encrypted. */
export class KeyPair extends DynamicResource {
  declare readonly privateKey: pulumi.Output<string>;
  declare readonly publicKey: pulumi.Output<string>;

  constructor(name: string, options: pulumi.CustomResourceOptions) {
    super("KeyPair", name, {}, ["privateKey", "publicKey"], {
      ...options,
      additionalSecretOutputs: ["privateKey"],
    });
  }
}

/** The key that the nodes accept. */
export interface Login {
  publicKey: pulumi.Input<string>;
  /** Absent if the key is the user's own. */
  privateKey?: pulumi.Output<string>;
}

/** The login key. @param publicKey the user's own. If undefined, a key pair is made for the stack. */
export function createLogin(
  name: string,
  publicKey: string | undefined,
  options: pulumi.CustomResourceOptions,
): Login {
  if (publicKey) return { publicKey };
  const pair = new KeyPair(name, options);
  return { publicKey: pair.publicKey, privateKey: pair.privateKey };
}

/** How to log in to a machine that was made with a login key and a host key. @param host its public address. */
export const connectionTo = (
  host: pulumi.Input<string>,
  user: string,
  { privateKey }: Login,
  { publicKey }: KeyPair,
): Connection => ({
  host,
  port: 22,
  user,
  ...(privateKey && { privateKey }),
  hostKey: publicKey,
});

/**
 * The command to log in to a node.
 * @param keyFile where the user keeps the stack's private key. Not needed for the user's own key.
 */
export function sshCommand(connection: Connection, keyFile: string | undefined): pulumi.Output<string> {
  const { host, port, user, privateKey, jump } = connection;
  const identity = privateKey && keyFile ? ` -i ${keyFile}` : "";
  const words = pulumi.output(port).apply((known) => `ssh${identity}${known === 22 ? "" : ` -p ${known}`}`);
  const target = pulumi.interpolate`${user}@${host}`;
  if (!jump) return pulumi.interpolate`${words} ${target}`;
  // Not -J: with it, ssh uses -i only for the last host.
  const over = sshCommand(jump, keyFile);
  return pulumi.interpolate`${words} -o ProxyCommand="${over} -W %h:%p" ${target}`;
}
