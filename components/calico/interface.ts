/** What every pod network is, whatever gives it. */
import type * as pulumi from "@pulumi/pulumi";

/** What gives pods their network. */
export interface PodNetwork extends pulumi.ComponentResource {
  /** The plan's IPPools, as objects of the cluster. */
  pools: pulumi.CustomResource[];
  /**
   * Pods that still have the MTU from before the last change of the mode, as `namespace/name on node`. Calico sets a
   * pod's MTU only when it creates the pod.
   */
  podsToRestart: pulumi.Output<string[]>;
}
