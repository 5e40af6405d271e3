/** One step on one node, as a resource. Every step that the program runs on a node goes through here. */
import { remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Connection, RemoteMachine } from "../infrastructure";
import { machineId } from "./ready";
import { limitedCommand, type StepName, stepScript } from "./steps";

/** What {@link runScript} runs, and where. */
export interface ScriptArgs {
  /** The machine that runs the step: a node, or what is none. */
  node: RemoteMachine;
  step: StepName;
  /** Begins the resource's name. Default: nothing. */
  prefix?: string;
  /** The name of the node that the step is about. Default: the node that runs it. */
  about?: string;
  /** Shell variables, by the names that the step's file lists at its top. */
  values: Readonly<Record<string, pulumi.Input<string>>>;
  /** What is secret: nothing, the values, or also the output. Default: `none`. */
  secrecy?: "none" | "values" | "all";
  /** When the step runs: on create, on create and delete, or only on delete. Default: `create`. */
  runs?: "create" | "create-and-delete" | "delete";
  /** The step is replaced when one of these changes, and also when its machine is replaced. */
  triggers?: pulumi.Input<string>[];
}

/**
 * Runs a script of `scripts/node` on a node. Values and secrets go through standard input, standard error is shown
 * while it runs, and `stdout` is the result. A changed script or value runs it again in place: steps are idempotent.
 */
export function runScript(
  {
    node,
    step,
    prefix = "",
    about = node.name,
    values,
    secrecy = "none",
    runs = "create",
    triggers = [],
  }: ScriptArgs,
  options: Pick<pulumi.CustomResourceOptions, "parent" | "deletedWith"> & { dependsOn?: pulumi.Resource[] },
): remote.Command {
  const { user } = node.connection;
  const script = pulumi.output(values).apply((known) => stepScript(step, { ...known, NODE_NAME: about }));
  return new remote.Command(
    `${prefix}${step}-${about}`,
    {
      connection: connectionArgs(node.connection),
      ...(runs !== "delete" && { create: limitedCommand(user, "create") }),
      ...(runs !== "create" && { delete: limitedCommand(user, "delete") }),
      stdin: secrecy === "none" ? script : pulumi.secret(script),
      triggers: [machineId(node), ...triggers],
      logging: secrecy === "all" ? remote.Logging.None : remote.Logging.Stderr,
      // Otherwise each run would send the last output in a variable, which no sshd is set up to accept (AcceptEnv).
      addPreviousOutputInEnv: false,
    },
    {
      ...options,
      // What a step did is gone with its machine. Do not try to undo it on a machine that is gone.
      deletedWith: options.deletedWith ?? node.resource,
      dependsOn: [...(node.resource ? [node.resource] : []), ...(options.dependsOn ?? [])],
      // By default the engine creates the new Command before it deletes the old one, which would undo the new one. Set
      // this only for steps with a delete: while the engine works out what else to delete first, it closes providers
      // that it still needs (Registry.Diff), and a rebuild would fail with "the client connection is closing".
      deleteBeforeReplace: runs !== "create",
      ...(secrecy === "all" && { additionalSecretOutputs: ["stdout", "stderr"] }),
    },
  );
}

function connectionArgs({ jump, ...connection }: Connection): remote.CommandArgs["connection"] {
  return { ...login(connection), ...(jump && { proxy: login(jump) }) };
}

/** Without a key the provider uses the SSH agent, as we do. */
const login = ({ host, port, user, privateKey, hostKey }: Omit<Connection, "jump">) => ({
  host,
  port,
  user,
  ...(privateKey && { privateKey }),
  // The SDK leaves an undefined value out, but its types do not say so.
  ...(hostKey && { hostKey: pulumi.output(hostKey).apply(verifiable) as pulumi.Output<string> }),
});

/**
 * The host key for the provider. Not an RSA key: the provider then asks only for signatures with SHA-1, which no current
 * sshd makes (pulumi-command, connection.go: HostKeyAlgorithms), and could not connect at all.
 */
const verifiable = (hostKey: string | undefined): string | undefined =>
  hostKey?.startsWith("ssh-rsa ") ? undefined : hostKey?.trim();
