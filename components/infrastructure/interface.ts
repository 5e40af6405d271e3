/** What every cloud makes of a plan. */
import type * as pulumi from "@pulumi/pulumi";
import type { LabConfig, ProviderSettings } from "../config";
import type { LabPlan, NodePlan } from "../plan";
import type { CostEstimate } from "./cost";

/** What the program hands to the cloud of the plan. */
export interface InfrastructureArgs {
  plan: LabPlan;
  /** Each cloud reads its own section of it. */
  config: LabConfig;
  /** What the stack says to the cloud's provider in the provider's own namespace (`aws:profile`, `openstack:cloud`). */
  settings: ProviderSettings;
}

/** How one logs in on a node. */
export interface Connection {
  /** Reached from the machine that runs Pulumi; with `jump`, from the node one jumps over. */
  host: pulumi.Input<string>;
  port: pulumi.Input<number>;
  user: string;
  /** OpenSSH format, secret. Absent when the user logs in with a key of their own: their SSH agent then has it. */
  privateKey?: pulumi.Output<string>;
  /** The one public key with which the host may answer, as `ssh-ed25519 AAAA…`. Absent: not known beforehand. */
  hostKey?: pulumi.Output<string>;
  /** The node over which a node without a public address is reached. */
  jump?: Connection;
}

/** A node that exists. */
export interface LabNode extends NodePlan {
  /**
   * The node's own resource: what goes when the node goes is `deletedWith` it, and its id tells one machine from another.
   * Absent where the machine was there before the lab and stays after it.
   */
  resource?: pulumi.CustomResource;
  /** Absent on the twin, whose nodes are not machines. */
  connection?: Connection;
}

export interface Infrastructure extends pulumi.ComponentResource {
  nodes: LabNode[];
}

/** A node that is a machine: one can log in on it, and make a Kubernetes node of it. */
export interface Machine extends LabNode {
  connection: Connection;
  /** Another text is another machine. Where absent, the resource's id says it, or the address. */
  identity?: pulumi.Input<string>;
  /** The record of what the lab did to a machine that stays: ended last, it takes all of that back. */
  tenancy?: pulumi.Resource;
}

/** Where something listens, as seen from the machine that runs Pulumi. */
export interface Endpoint {
  host: pulumi.Input<string>;
  port: pulumi.Input<number>;
}

/** Nodes that can become a cluster, whatever the cloud. */
export interface MachineInfrastructure extends Infrastructure {
  nodes: Machine[];
  /** The control plane's port 6443. */
  api: Endpoint;
  /** The private key that was made for the stack, secret. Absent when the user logs in with a key of their own. */
  ownKey?: pulumi.Output<string> | undefined;
}

/** A machine of a cloud. */
export interface CloudNode extends Machine {
  /** Absent when the node is reached over another one. */
  publicAddress?: pulumi.Output<string>;
}

/** What AWS and OpenStack make of a plan: the same shape, whatever the cloud. */
export interface CloudInfrastructure extends MachineInfrastructure {
  nodes: CloudNode[];
  cost: CostEstimate;
  /** When the lab is overdue, as an ISO 8601 time in UTC; undefined without `ttl`. */
  expiry: pulumi.Output<string> | undefined;
}
