/** One step on one node, as a resource. Every step that the program takes on a node goes through here. */
import { remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { type Connection, type Machine, type StepName, shellCommand, stepScript } from "../infrastructure";
import { machineId } from "./ready";

export interface ScriptArgs {
  /** Where it is run. */
  node: Machine;
  step: StepName;
  /** The name of the node that it is about, where that is another one. */
  about?: string;
  /** Shell variables, by the names that the step's file lists at its head. */
  values: Readonly<Record<string, pulumi.Input<string>>>;
  /** What of it is secret: nothing, what it is told, or also what it answers. */
  secrecy?: "none" | "values" | "all";
  /** Whether the step is run for its `delete` as well, or only for that. */
  runs?: "create" | "create-and-delete" | "delete";
  /** When one of these changes, the step is taken anew, besides when its machine is another one. */
  triggers?: pulumi.Input<string>[];
}

/**
 * Runs one of `scripts/node` on a node: values and secrets go by standard input, standard error is shown while it runs, and
 * `stdout` is the step's result. A changed script or value runs it again in place, for every step is idempotent.
 */
export function runScript(
  { node, step, about = node.name, values, secrecy = "none", runs = "create", triggers = [] }: ScriptArgs,
  options: Pick<pulumi.CustomResourceOptions, "parent" | "deletedWith"> & { dependsOn?: pulumi.Resource[] },
): remote.Command {
  const { user } = node.connection;
  const script = pulumi.output(values).apply((known) => stepScript(step, { ...known, NODE_NAME: about }));
  return new remote.Command(
    `${step}-${about}`,
    {
      connection: connectionArgs(node.connection),
      ...(runs !== "delete" && { create: shellCommand(user, "create") }),
      ...(runs !== "create" && { delete: shellCommand(user, "delete") }),
      stdin: secrecy === "none" ? script : pulumi.secret(script),
      triggers: [machineId(node), ...triggers],
      logging: secrecy === "all" ? remote.Logging.None : remote.Logging.Stderr,
      // Else each run would send the last one's answer along, for which no sshd is set up (AcceptEnv).
      addPreviousOutputInEnv: false,
    },
    {
      ...options,
      // What is done on a machine is gone with the machine, and cannot be undone when it is gone.
      deletedWith: options.deletedWith ?? node.resource,
      dependsOn: [node.resource, node.tenancy, ...(options.dependsOn ?? [])].filter(
        (one) => one !== undefined,
      ),
      // A Command's replacement is made before the old one is deleted, and would be undone by it. Only there: in working out
      // what else must be deleted before, the engine closes providers which it then wants to use (Registry.Diff), and a
      // cluster made anew would end with "the client connection is closing".
      deleteBeforeReplace: runs !== "create",
      ...(secrecy === "all" && { additionalSecretOutputs: ["stdout", "stderr"] }),
    },
  );
}

function connectionArgs({ jump, ...connection }: Connection): remote.CommandArgs["connection"] {
  return { ...login(connection), ...(jump && { proxy: login(jump) }) };
}

/** Without a key the provider asks the SSH agent, as we do. */
const login = ({ host, port, user, privateKey, hostKey }: Omit<Connection, "jump">) => ({
  host,
  port,
  user,
  ...(privateKey && { privateKey }),
  ...(hostKey && { hostKey: pulumi.output(hostKey).apply((key) => key.trim()) }),
});
