/** What a cloud is given to build, and what it returns. */
import type * as pulumi from "@pulumi/pulumi";
import type { LabConfig, ProviderSettings } from "../config";
import type { LabPlan, NodePlan } from "../plan";

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

/** What a stack says about its end of the link. */
export interface SiteOutput {
  cloud: "aws" | "openstack";
  /** The ranges behind its gateway. */
  cidrs: string[];
  /** The gateway's public address; absent on AWS before there is a connection. */
  address?: pulumi.Input<string>;
  /** Whether this end of the tunnel is made. */
  joined: boolean;
  /** What both ends must agree on. */
  link: { ike: number; proposals: { ike: string; esp: string } };
}

/** The instance that is a site's gateway, and what its strongSwan joins. */
export interface SiteGateway {
  machine: RemoteMachine;
  /** The public IPv4 address, at which the peer reaches it. */
  publicAddress: pulumi.Output<string>;
  /** What the tunnel is made from; undefined while the peer has said too little. */
  tunnel?: SiteTunnel;
}

/** A tunnel to the gateway of another stack. */
export interface SiteTunnel {
  /** swanctl.conf, with a mark in the place of the key. */
  connection: pulumi.Output<string>;
  /** The pre-shared key, secret. */
  key: pulumi.Output<string>;
  /** How many security associations it has. */
  children: number;
  /** Whether the peer's end is there and this one starts the tunnel, so that it can be waited for. */
  comesUp: boolean;
}

/** This stack's end, as a cloud has built it. */
export interface SiteEnd {
  site: SiteOutput;
  /** Secret. */
  key?: pulumi.Output<string>;
  /** The instance that is the gateway, where the cloud's own VPN is not. */
  gateway?: SiteGateway;
}

/** Nodes that can become a cluster, whatever the cloud. */
export interface MachineInfrastructure extends Infrastructure {
  nodes: Machine[];
  /** The control plane's port 6443. */
  api: Endpoint;
  /** The machine between the subnets on which a step runs BIRD. Absent where there is none, or the lab makes the router. */
  router?: RemoteMachine;
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

/** The estimate for a whole lab. */
export interface CostEstimate {
  /** US dollars per hour; undefined if any item has no known price. */
  perHour: number | undefined;
  /** The sum, the items and the source of the prices, in one line. */
  sentence: string;
}

/** What AWS and OpenStack make of a plan, in the same shape. */
export interface CloudInfrastructure extends MachineInfrastructure {
  nodes: CloudNode[];
  cost: CostEstimate;
  /** When the lab is overdue, as an ISO 8601 time in UTC; undefined without `ttl`. */
  expiry: pulumi.Output<string> | undefined;
}
