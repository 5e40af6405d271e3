/** The pod network of a cluster that has none. */
import type * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../cluster";
import type { LabPlan } from "../plan";
import { Calico } from "./calico";
import type { CalicoSources } from "./sources";
import { StaticRoutes } from "./static-routes";

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

/** What {@link createPodNetwork} is given. */
export interface PodNetworkArgs {
  plan: LabPlan;
  cluster: Cluster;
  /** Undefined for a lab without Calico. */
  sources: CalicoSources | undefined;
  /** Begins the name of every resource. Default: the component's name and a hyphen. */
  prefix?: string;
}

/** Declares the pod network of a cluster: Calico, or static routes when the lab has no Calico. */
export const createPodNetwork = (
  name: string,
  { sources, ...args }: PodNetworkArgs,
  options?: pulumi.ComponentResourceOptions,
): PodNetwork =>
  sources ? new Calico(name, { ...args, sources }, options) : new StaticRoutes(name, args, options);
