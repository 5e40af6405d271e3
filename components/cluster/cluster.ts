/** A Kubernetes cluster on the plan's nodes. */
import type { remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Machine, MachineInfrastructure } from "../infrastructure";
import { type LabPlan, tunnelsOf } from "../plan";
import { BootstrapTokens } from "./bootstrap-tokens";
import { checkValues, peerGatewayOf } from "./check";
import { whenDistinct } from "./distinct";
import { HostReset } from "./host-reset";
import { clusterIdentity, initConfig, joinConfig } from "./kubeadm";
import { machineId, Reachable } from "./ready";
import { runRouter } from "./router";
import { runScript } from "./run-script";
import { joinSites } from "./site-link";

/** What {@link Cluster} is made from. */
export interface ClusterArgs {
  plan: LabPlan;
  /** The plan's nodes, from whatever cloud. */
  infrastructure: MachineInfrastructure;
  /** Begins the name of every resource. Default: the component's name and a hyphen. */
  prefix?: string;
  /** The pre-shared key of the tunnel between the plan's sites, secret. Default: one is made and kept in the stack's state. */
  psk?: string | undefined;
}

/**
 * A Kubernetes cluster that kubeadm makes on machines, over SSH: a control plane and workers. Its pods have no network yet.
 * Every step is idempotent, and runs again when its script or its input changes.
 *
 * @example
 * ```ts
 * import { Cluster, Hosts, parseConfig, planLab } from "encaplab";
 *
 * const machines = [{ name: "cp1", address: "192.168.10.11", subnet: "192.168.10.0/24" }];
 * const config = parseConfig({ cloud: "hosts", hosts: { machines, user: "ubuntu" } });
 * const plan = planLab(config);
 * const infrastructure = new Hosts("machines", { plan, config: config.hosts ?? {} });
 * const cluster = new Cluster("cluster", { plan, infrastructure });
 * export const kubeconfig = cluster.kubeconfig;
 * ```
 */
export class Cluster extends pulumi.ComponentResource {
  /** In the plan's order. */
  readonly nodes: Machine[];
  readonly controlPlane: Machine;
  /** The administrator's kubeconfig, with the address at which this machine reaches the API. Secret. */
  readonly kubeconfig: pulumi.Output<string>;
  /** SHA-256 of the CA's public key, as `sha256:…`. Changes only when the cluster is rebuilt. */
  readonly caHash: pulumi.Output<string>;
  /** The step that runs `kubeadm init`. Everything inside the cluster is `deletedWith` it. */
  readonly init: pulumi.CustomResource;
  /** The machines and their network, which must let a mode through before Calico switches to it. */
  readonly infrastructure: MachineInfrastructure;
  /** The step that prepared each node for kubeadm. */
  readonly prepared: ReadonlyMap<Machine, pulumi.CustomResource>;
  /** The step that made each node a member of the cluster. */
  readonly members: ReadonlyMap<Machine, pulumi.CustomResource>;
  private readonly prefix: string;

  constructor(
    name: string,
    { plan, infrastructure, prefix = `${name}-`, psk }: ClusterArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("encaplab:cluster:Cluster", name, {}, options);
    const { nodes, api, router } = infrastructure;
    const controlPlane = nodes.find((node) => node.name === plan.controlPlane.name) as Machine;
    this.nodes = nodes;
    this.controlPlane = controlPlane;
    this.prefix = prefix;
    // What the lab did to a machine that it did not make is undone by its HostReset.
    const machines = new Map(
      nodes.map((node) => [
        node,
        node.resource ?? new HostReset(`${prefix}${node.name}`, node, plan.ipPool.cidr, { parent: this }),
      ]),
    );
    const machineOf = (node: Machine) => machines.get(node) as pulumi.Resource;
    const prepared = new Map(nodes.map((node) => [node, this.prepare(plan, node, machineOf(node))]));
    this.infrastructure = infrastructure;
    this.prepared = prepared;
    const joined = [
      ...joinSites({ plan, nodes, psk, prepared, prefix }, this),
      ...runRouter({ plan, router, prefix }, this),
    ];
    const preparation = (node: Machine) => prepared.get(node) as remote.Command;
    const init = runScript(
      {
        node: controlPlane,
        prefix,
        step: "init",
        values: {
          KUBEADM_CONFIG: pulumi.output(api.host).apply((host) => initConfig(plan, [host])),
          CLUSTER: clusterIdentity(plan),
        },
        triggers: [clusterIdentity(plan)],
      },
      // A node of the other site joins after it, and leaves before the tunnel goes.
      { parent: this, dependsOn: [preparation(controlPlane), ...joined] },
    );
    this.init = init;
    // Pulumi makes this secret because the connection is, but a hash of a public key is not.
    this.caHash = pulumi.unsecret(init.stdout);
    const workers = nodes.filter((node) => node !== controlPlane);
    const tokens = new BootstrapTokens(
      `${prefix}bootstrap-tokens`,
      controlPlane,
      workers,
      whenDistinct(this.caHash, prepared, this),
      {
        parent: this,
        // Issue the tokens last, so that they do not expire while the nodes are still being prepared.
        dependsOn: [...prepared.values(), init],
        deletedWith: init,
      },
    );
    const joins = workers.map(
      (node) =>
        [
          node,
          this.join(plan, node, { prepared: preparation(node), tokens, machine: machineOf(node) }),
        ] as const,
    );
    this.members = new Map([[controlPlane, init], ...joins]);
    this.kubeconfig = pulumi.secret(this.readKubeconfig(api.host, api.port).stdout);
    this.registerOutputs({ caHash: this.caHash });
  }

  /** @param machine what the machine exists by, or what records the lab's use of it. */
  private prepare(plan: LabPlan, node: Machine, machine: pulumi.Resource): remote.Command {
    const peer = this.nodes.find(({ name }) => name === peerGatewayOf(plan, node));
    const reachable = new Reachable(`${this.prefix}${node.name}`, node, { parent: this, dependsOn: machine });
    return runScript(
      {
        node,
        prefix: this.prefix,
        step: "prepare",
        values: {
          ...checkValues(plan, node, "lab", peer?.connection.host),
          HOSTS: plan.nodes.map(({ name, address }) => `${address} ${name}`).join("\n"),
          REQUIRE_IPIP: tunnelsOf(plan).includes("ipip") ? "1" : "0",
        },
      },
      { parent: this, dependsOn: [reachable] },
    );
  }

  private join(
    plan: LabPlan,
    node: Machine,
    {
      prepared,
      tokens: issued,
      machine,
    }: { prepared: remote.Command; tokens: BootstrapTokens; machine: pulumi.Resource },
  ): remote.Command {
    const { controlPlane, caHash, prefix } = this;
    // Create this before the join, so that a node is also removed from the cluster after an interrupted join.
    const leaving = runScript(
      {
        node: controlPlane,
        prefix,
        step: "remove",
        about: node.name,
        values: {},
        runs: "delete",
        triggers: [machineId(node), caHash],
      },
      // The worker's machine must still be there when the node is drained. When the cluster is deleted, skip this step.
      { parent: this, dependsOn: [this.init, machine], deletedWith: this.init },
    );
    return runScript(
      {
        node,
        prefix,
        step: "join",
        values: {
          JOIN_CONFIG: pulumi
            .all([issued.tokens, caHash])
            .apply(([tokens, hash]) =>
              joinConfig(plan, node, { token: tokens[node.name] ?? "", caHash: hash }),
            ),
        },
        secrecy: "values",
        triggers: [caHash],
      },
      { parent: this, dependsOn: [prepared, issued, leaving] },
    );
  }

  /** A separate step: the result of init stays public, and a change of its flags does not touch the provider. */
  private readKubeconfig(host: pulumi.Input<string>, port: pulumi.Input<number>): remote.Command {
    return runScript(
      {
        node: this.controlPlane,
        prefix: this.prefix,
        step: "kubeconfig",
        values: { SERVER: pulumi.interpolate`https://${host}:${port}`, CLUSTER_NAME: pulumi.getStack() },
        secrecy: "all",
        triggers: [this.caHash],
      },
      { parent: this, dependsOn: [this.init] },
    );
  }
}
