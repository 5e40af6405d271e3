/** What a cloud is given to build, and what it returns. */
import type * as pulumi from "@pulumi/pulumi";
import type { LabConfig, ProviderSettings } from "../config";
import type { LabPlan, NodePlan } from "../plan";
import type { CostEstimate, SiteEnd } from "./common";

/** What the program passes to the plan's cloud. */
export interface InfrastructureArgs {
  plan: LabPlan;
  /** Each cloud reads its own section of it. */
  config: LabConfig;
  /** The stack's settings in the provider's own namespace (`aws:profile`, `openstack:cloud`). Default: none. */
  settings?: ProviderSettings;
  /** Begins the name of every resource. Default: the component's name and a hyphen. */
  prefix?: string;
}

/** How to log in to a node over SSH. */
export interface Connection {
  /** As seen from the machine that runs Pulumi or, with `jump`, from the jump host. */
  host: pulumi.Input<string>;
  port: pulumi.Input<number>;
  user: string;
  /** OpenSSH format, secret. Absent if the user logs in with their own key, which their SSH agent has. */
  privateKey?: pulumi.Output<string>;
  /**
   * The only host key to accept, as `ssh-ed25519 AAAA…`. Absent, or undefined in a preview, before the first login to an
   * existing machine whose key the config does not name.
   */
  hostKey?: pulumi.Output<string | undefined>;
  /** The jump host, for a node without a public address. */
  jump?: Connection;
}

/** A node that exists. */
export interface LabNode extends NodePlan {
  /**
   * The node's own resource. What ends with the node is `deletedWith` it, and its id identifies the machine. Absent if
   * the machine existed before the lab and stays after it.
   */
  resource?: pulumi.CustomResource;
  /** Absent on the twin, whose nodes are not machines. */
  connection?: Connection;
}

/** What every cloud, and the twin, makes of a plan. */
export interface Infrastructure extends pulumi.ComponentResource {
  nodes: LabNode[];
}

/** A node that is a machine: you can log in to it and make a Kubernetes node of it. */
export interface Machine extends LabNode {
  connection: Connection;
  /**
   * Identifies the machine. Changes when the machine is replaced. If absent, the resource's id or the address does so.
   */
  identity?: pulumi.Input<string>;
}

/** What it takes to run a step on a machine, whether it is a node or not. */
export type RemoteMachine = Pick<Machine, "name" | "connection" | "resource" | "identity">;

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
  /** The private key that was made for the stack, secret. Absent if the user logs in with their own key. */
  ownKey?: pulumi.Output<string> | undefined;
  /** The lab folder of node containers, by which the measurement finds their network. */
  folder?: pulumi.Output<string>;
  /** This end of the tunnel to the plan's peer; undefined without one. Only clouds have it. */
  end?: SiteEnd | undefined;
}

/** A machine of a cloud. */
export interface CloudNode extends Machine {
  /** Absent if the node is reached over a jump host. */
  publicAddress?: pulumi.Output<string>;
}

/** What AWS and OpenStack make of a plan, in the same shape. */
export interface CloudInfrastructure extends MachineInfrastructure {
  nodes: CloudNode[];
  cost: CostEstimate;
  /** When the lab is overdue, as an ISO 8601 time in UTC; undefined without `ttl`. */
  expiry: pulumi.Output<string> | undefined;
}
