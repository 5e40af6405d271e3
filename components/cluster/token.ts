/** The token with which one worker joins: worth something only while it does. */
import type * as pulumi from "@pulumi/pulumi";
import { execute, type Machine, PartResource, shellCommand, stepScript } from "../infrastructure";
import { known } from "./ready";

/** A bootstrap token, made once and kept in the stack's state, encrypted. By itself it opens nothing. */
export class JoinToken extends PartResource {
  declare readonly token: pulumi.Output<string>;

  constructor(name: string, options: pulumi.CustomResourceOptions) {
    const part = { module: "components/cluster/parts.ts", export: "joinToken" };
    super("JoinToken", part, name, {}, ["token"], { ...options, additionalSecretOutputs: ["token"] });
  }
}

/**
 * Makes the control plane accept the token, for minutes. Done right before the worker joins and not as a resource: a token
 * that was let in by an `up` which was then interrupted would have run out when the next one finds it in the state.
 */
export async function letIn(leader: Machine, joining: JoinToken): Promise<void> {
  const [target, token] = await Promise.all([
    known(leader.connection),
    new Promise<string>((resolve) => void joining.token.apply(resolve)),
  ]);
  const script = stepScript("token", { NODE_NAME: leader.name, TOKEN: token });
  const { code, stderr } = await execute(target, shellCommand(target.user, "create"), script);
  if (code !== 0)
    throw new Error(`${leader.name} made no token to join with (exit ${code}):\n${stderr.trim()}`);
}
