/** What every cloud makes of a plan. */
import type * as pulumi from "@pulumi/pulumi";
import type { LabPlan, NodePlan } from "../plan";

export interface InfrastructureArgs {
  plan: LabPlan;
}

/** A node that exists. */
export interface LabNode extends NodePlan {
  /** What the node's own resources are `deletedWith` and `triggers` bind to. */
  resource: pulumi.Resource;
}

export interface Infrastructure extends pulumi.ComponentResource {
  nodes: LabNode[];
}
