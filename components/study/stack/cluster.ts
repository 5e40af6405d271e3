/** The observation of a cluster as a resource of the stack. */
import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../../cluster";
import type { LabPlan } from "../../plan";
import { DynamicResource } from "../../remote/dynamic";
import type { Observation } from "../observation";

/** What {@link ClusterObservation} measures. */
export interface ClusterObservationArgs {
  plan: LabPlan;
  cluster: Pick<Cluster, "kubeconfig" | "caHash" | "init">;
  /** The pod network. It is measured when it is in place. */
  network: pulumi.Resource & { podsToRestart: pulumi.Output<string[]> };
  /** The image of the study's pods, by the reference that pods use. */
  image: string;
  /** A host in the internet. */
  internet?: string;
  /** The lab folder of node containers. */
  folder?: pulumi.Output<string>;
}

/**
 * Measures a cluster once its pod network is in place, and again whenever that changes. Its pods stay in the cluster, and
 * are removed with the resource. Neither a disagreement with the verdict nor a cluster that cannot be measured fails it:
 * `announceObservation` says that.
 */
export class ClusterObservation extends DynamicResource {
  /** What was last measured. Unknown during a preview of a change; undefined if nothing could be measured. */
  declare readonly observation: pulumi.Output<Observation | undefined>;
  /** Why nothing could be measured, in a sentence. */
  declare readonly problem: pulumi.Output<string | undefined>;

  constructor(
    name: string,
    { plan, cluster, network, image, internet, folder }: ClusterObservationArgs,
    options: pulumi.CustomResourceOptions,
  ) {
    const inputs = {
      kubeconfig: pulumi.secret(cluster.kubeconfig),
      image,
      internet,
      plan,
      folder,
      revision: pulumi.all([cluster.caHash, network.podsToRestart]).apply((parts) => JSON.stringify(parts)),
    };
    super("ClusterObservation", name, inputs, ["observation", "problem"], {
      ...options,
      dependsOn: network,
      // The pods are gone with the cluster.
      deletedWith: cluster.init,
    });
  }
}
