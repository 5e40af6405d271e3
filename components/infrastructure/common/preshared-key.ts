/** The pre-shared key of a tunnel between two sites. */
import * as pulumi from "@pulumi/pulumi";
import { DynamicResource } from "../../remote/dynamic";

/** A pre-shared key that is made once and kept in the stack's state, encrypted. */
export class PresharedKey extends DynamicResource {
  /** Secret: 32 letters, digits, periods and underscores. */
  declare readonly key: pulumi.Output<string>;

  constructor(name: string, options: pulumi.CustomResourceOptions) {
    super("PresharedKey", name, {}, ["key"], { ...options, additionalSecretOutputs: ["key"] });
  }
}

/**
 * A tunnel's pre-shared key, a secret.
 * @param given the config's own key. Default: one is made for the stack, and stays the same until the stack is destroyed.
 */
export const presharedKey = (
  name: string,
  given: string | undefined,
  options: pulumi.CustomResourceOptions,
): pulumi.Output<string> =>
  given === undefined ? new PresharedKey(name, options).key : pulumi.secret(given);
