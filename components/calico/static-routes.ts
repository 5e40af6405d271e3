/** The pod network of a cluster without Calico (`calico.install: none`). */
import * as pulumi from "@pulumi/pulumi";
import { type Cluster, runScript } from "../cluster";
import type { LabPlan } from "../plan";
import { withFormerUrn } from "../remote/dynamic";
import { ClusterApi } from "./api";
import { IP_POOL_DEFINITION } from "./definition";
import type { PodNetwork } from "./interface";

/** What {@link StaticRoutes} is made from. */
export interface StaticRoutesArgs {
  plan: LabPlan;
  cluster: Cluster;
  /** Begins the name of every resource. Default: the component's name and a hyphen. */
  prefix?: string;
}

/**
 * The pod network of a cluster without Calico: the reference CNI plugins, and a static route on each node to every other
 * node's block. The IPPools are declared, too, but have no effect.
 *
 * @example
 * ```ts
 * import { Cluster, NodeContainers, parseConfig, planLab, StaticRoutes } from "encaplab";
 *
 * const calico = { install: "none" };
 * const plan = planLab(parseConfig({ cloud: "hosts", hosts: { machines: "containers" }, encapsulation: "None", calico }));
 * const cluster = new Cluster("cluster", { plan, infrastructure: new NodeContainers("study", { plan }) });
 * export const pools = new StaticRoutes("routes", { plan, cluster }).pools.map(({ id }) => id);
 * ```
 */
export class StaticRoutes extends pulumi.ComponentResource implements PodNetwork {
  readonly pools: pulumi.CustomResource[];
  /** Always empty: without Calico, no switch changes an MTU. */
  readonly podsToRestart = pulumi.output<string[]>([]);

  constructor(
    name: string,
    { plan, cluster, prefix = `${name}-` }: StaticRoutesArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    // Until version 0.1 one component was both, Calico and its absence. The whole URN, because the engine does not combine
    // a type with the other aliases.
    super("encaplab:calico:StaticRoutes", name, {}, withFormerUrn(options, ["encaplab:calico:Calico"], name));
    const api = new ClusterApi(cluster, this, prefix);
    this.pools = api.declarePools(plan, api.define("ippools", IP_POOL_DEFINITION));
    for (const node of cluster.nodes) {
      const others = plan.nodes.filter((other) => other.name !== node.name);
      runScript(
        {
          node,
          prefix,
          step: "pod-network",
          values: {
            POD_CIDR: plan.ipPool.cidr,
            BLOCK: node.block,
            ROUTES: others.map(({ block, address }) => `${block} ${address}`).join("\n"),
            MTU: String(plan.mtu.link),
            NAT_OUTGOING: plan.ipPool.natOutgoing ? "1" : "0",
          },
        },
        { parent: this, dependsOn: [cluster.members.get(node) as pulumi.CustomResource] },
      );
    }
    this.registerOutputs({ pools: this.pools.map(({ urn }) => urn) });
  }
}
