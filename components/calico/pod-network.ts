/** The pod network of a cluster that has none. */
import type * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../cluster";
import type { LabPlan } from "../plan";
import { Calico } from "./calico";
import type { PodNetwork } from "./interface";
import type { CalicoSources } from "./sources";
import { StaticRoutes } from "./static-routes";

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
