/** The tokens with which workers join: each worth something only while its worker does. */
import * as pulumi from "@pulumi/pulumi";
import { type Machine, PartResource } from "../infrastructure";
import { machineId } from "./ready";

/**
 * A bootstrap token per worker, let in by the control plane for minutes. One that an interrupted `up` let in has run out
 * when the next one comes: so this resource changes as long as a worker is missing in the cluster, and only then.
 */
export class Admission extends PartResource {
  /** By the worker's name; they stay the same when they are let in again. Secret. */
  declare readonly tokens: pulumi.Output<Record<string, string>>;

  constructor(
    leader: Machine,
    workers: readonly Machine[],
    caHash: pulumi.Input<string>,
    options: pulumi.CustomResourceOptions,
  ) {
    const inputs = {
      leader: leader.name,
      target: pulumi.secret(leader.connection),
      // A worker on another machine joins anew, and so does every worker in another cluster.
      workers: Object.fromEntries(workers.map((worker) => [worker.name, machineId(worker)])),
      cluster: caHash,
    };
    const part = { module: "components/cluster/parts.ts", export: "admission" };
    super("Admission", part, "admission", inputs, ["tokens"], {
      ...options,
      additionalSecretOutputs: ["tokens"],
    });
  }
}
