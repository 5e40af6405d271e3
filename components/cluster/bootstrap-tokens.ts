/** The bootstrap tokens with which workers join the cluster. */
import * as pulumi from "@pulumi/pulumi";
import type { Machine } from "../infrastructure";
import { DYNAMIC_TYPE, DynamicResource } from "../remote/dynamic";
import { machineId } from "./ready";

/**
 * A bootstrap token per worker, which the control plane accepts for some minutes. After an interrupted `up`, the tokens
 * may have expired before the next one: so this resource changes as long as a worker is missing, and only then.
 */
export class BootstrapTokens extends DynamicResource {
  /** By the worker's name. They stay the same when the control plane accepts them again. Secret. */
  declare readonly tokens: pulumi.Output<Record<string, string>>;

  constructor(
    name: string,
    controlPlane: Machine,
    workers: readonly Machine[],
    caHash: pulumi.Input<string>,
    options: pulumi.CustomResourceOptions,
  ) {
    const inputs = {
      controlPlane: controlPlane.name,
      target: pulumi.secret(controlPlane.connection),
      // A worker joins again when its machine is replaced, and every worker when the cluster is rebuilt.
      workers: Object.fromEntries(workers.map((worker) => [worker.name, machineId(worker)])),
      cluster: caHash,
    };
    super("BootstrapTokens", name, inputs, ["tokens"], {
      ...options,
      additionalSecretOutputs: ["tokens"],
      aliases: [{ type: `${DYNAMIC_TYPE}Admission`, name: "admission" }],
    });
  }
}
