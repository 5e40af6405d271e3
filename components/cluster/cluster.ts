/** A Kubernetes cluster on the plan's nodes. */
import type { remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Machine, MachineInfrastructure } from "../infrastructure";
import { ENCAPSULATION_FACTS, type LabPlan } from "../plan";
import { Admission } from "./admission";
import { clusterIdentity, initConfig, joinConfig } from "./kubeadm";
import { machineId, Reachable } from "./ready";
import { runScript } from "./run-script";

export interface ClusterArgs {
  plan: LabPlan;
  infrastructure: MachineInfrastructure;
}

/** kubeadm's control plane and workers. Their pods have no network yet. */
export class Cluster extends pulumi.ComponentResource {
  readonly nodes: Machine[];
  readonly leader: Machine;
  /** For the administrator, with the address at which the API is reached from here. Secret. */
  readonly kubeconfig: pulumi.Output<string>;
  /** Another one is another cluster. `sha256:…` of the CA's public key. */
  readonly caHash: pulumi.Output<string>;
  /** The control plane's beginning: what lives in the cluster is `deletedWith` it. */
  readonly init: pulumi.CustomResource;
  /** What the cluster stands on; its network must let a mode through before Calico switches to it. */
  readonly infrastructure: MachineInfrastructure;
  /** What made each node ready for kubeadm. */
  readonly prepared: ReadonlyMap<Machine, pulumi.CustomResource>;
  /** What made each node a member. */
  readonly members: ReadonlyMap<Machine, pulumi.CustomResource>;

  constructor(
    name: string,
    { plan, infrastructure }: ClusterArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("encaplab:cluster:Cluster", name, {}, options);
    const { nodes, api } = infrastructure;
    const leader = nodes.find(({ role }) => role === "control-plane");
    if (!leader) throw new Error("the plan has no control plane");
    this.nodes = nodes;
    this.leader = leader;
    const prepared = new Map(nodes.map((node) => [node, this.prepare(plan, node)]));
    this.infrastructure = infrastructure;
    this.prepared = prepared;
    const preparation = (node: Machine) => prepared.get(node) as remote.Command;
    const init = runScript(
      {
        node: leader,
        step: "init",
        values: {
          KUBEADM_CONFIG: pulumi.output(api.host).apply((host) => initConfig(plan, [host])),
          CLUSTER: clusterIdentity(plan),
        },
        triggers: [clusterIdentity(plan)],
      },
      { parent: this, dependsOn: [preparation(leader)] },
    );
    this.init = init;
    // The connection is secret, and so whatever comes over it; this is not.
    this.caHash = pulumi.unsecret(init.stdout);
    const workers = nodes.filter((node) => node !== leader);
    const admission = new Admission(leader, workers, this.caHash, {
      parent: this,
      // The tokens' minutes begin when nothing else is left to wait for.
      dependsOn: [...prepared.values(), init],
      deletedWith: init,
    });
    const joins = workers.map((node) => [node, this.join(plan, node, preparation(node), admission)] as const);
    this.members = new Map([[leader, init], ...joins]);
    this.kubeconfig = pulumi.secret(this.readKubeconfig(api.host, api.port).stdout);
    this.registerOutputs({ caHash: this.caHash });
  }

  private prepare(plan: LabPlan, node: Machine): remote.Command {
    const dependsOn = [node.resource, node.tenancy].filter((one) => one !== undefined);
    const reachable = new Reachable(node, { parent: this, dependsOn });
    return runScript(
      {
        node,
        step: "prepare",
        values: {
          NODE_ADDRESS: node.address,
          HOSTS: plan.nodes.map(({ name, address }) => `${address} ${name}`).join("\n"),
          KUBERNETES_VERSION: plan.versions.kubernetes,
          PROXY_MODE: plan.proxyMode,
          REQUIRE_IPIP: ENCAPSULATION_FACTS[plan.encapsulation].tunnel === "ipip" ? "1" : "0",
        },
      },
      { parent: this, dependsOn: [reachable] },
    );
  }

  private join(plan: LabPlan, node: Machine, prepared: remote.Command, admission: Admission): remote.Command {
    const { leader, caHash } = this;
    // First, so that a node which an interrupted join leaves in the cluster's list is taken off it, too.
    const leaving = runScript(
      {
        node: leader,
        step: "remove",
        about: node.name,
        values: {},
        runs: "delete",
        triggers: [machineId(node), caHash],
      },
      // A worker's machine must still be there when its pods are asked to leave; with the cluster goes its list of nodes.
      {
        parent: this,
        dependsOn: [this.init, node.resource, node.tenancy].filter((one) => one !== undefined),
        deletedWith: this.init,
      },
    );
    return runScript(
      {
        node,
        step: "join",
        values: {
          JOIN_CONFIG: pulumi
            .all([admission.tokens, caHash])
            .apply(([tokens, hash]) =>
              joinConfig(plan, node, { token: tokens[node.name] ?? "", caHash: hash }),
            ),
        },
        secrecy: "values",
        triggers: [caHash],
      },
      { parent: this, dependsOn: [prepared, admission, leaving] },
    );
  }

  /** In a step of its own: the init's result is then no secret, and an edit of its flags does not touch the provider. */
  private readKubeconfig(host: pulumi.Input<string>, port: pulumi.Input<number>): remote.Command {
    return runScript(
      {
        node: this.leader,
        step: "kubeconfig",
        values: { SERVER: pulumi.interpolate`https://${host}:${port}`, CLUSTER_NAME: pulumi.getStack() },
        secrecy: "all",
        triggers: [this.caHash],
      },
      { parent: this, dependsOn: [this.init] },
    );
  }
}
