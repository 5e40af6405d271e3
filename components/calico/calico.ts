/** Calico on a cluster, in the mode of the plan. */
import { gzipSync } from "node:zlib";
import type { remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { type Cluster, runScript } from "../cluster";
import { faultOf } from "../config";
import {
  bgpEstablished,
  describeBgp,
  expectedRoutes,
  type LabPlan,
  type NodePlan,
  REFLECTOR_CLUSTER_ID,
  TUNNELS,
  tunnelEndOf,
  tunnelsOf,
} from "../plan";
import { ClusterApi } from "./api";
import { Images } from "./images";
import type { PodNetwork } from "./interface";
import { REFLECTOR_LABEL, renderPeerings } from "./peerings";
import { type CalicoSources, readSources, type SourcesConfig } from "./sources";

/** What {@link Calico.create} installs from. */
export interface CalicoArgs {
  plan: LabPlan;
  cluster: Cluster;
  /** The keys `calico` and `mtu` of the config. Default: Calico's own manifest, and its own choice of an MTU. */
  config?: SourcesConfig;
  /** Begins the name of every resource. Default: the component's name and a hyphen. */
  prefix?: string;
}

/** {@link CalicoArgs}, with what `create` has read. */
export interface ResolvedCalicoArgs extends Omit<CalicoArgs, "config"> {
  sources: CalicoSources;
}

/** For the steps: "1" if calico-node can become ready, because BIRD can establish its sessions or does not run. */
const bgpReady = (plan: LabPlan): string => (!plan.bgp.enabled || bgpEstablished(plan) ? "1" : "0");

/** For the step `blocks`: the tunnel addresses that Calico gives, as lines "node VXLAN" or "node IPIP". */
const tunnelAddresses = (plan: LabPlan): string =>
  plan.nodes
    .flatMap((node) =>
      tunnelsOf(plan)
        .filter((kind) => tunnelEndOf(node, kind) !== undefined)
        .map((kind) => `${node.name} ${kind.toUpperCase()}`),
    )
    .join("\n");

/** For the step `routes`: the tunnel's device that a node does not have although others do; empty if there is none. */
const absentDevice = (plan: LabPlan, node: NodePlan): string =>
  tunnelsOf(plan).includes("vxlan") && !tunnelEndOf(node, "vxlan") ? TUNNELS.vxlan.device : "";

/**
 * Calico on a cluster, in the encapsulation of the plan: its manifest, the lab's IPPools, and a wait until every node's
 * routes show the encapsulation. Make one with {@link Calico.create}.
 *
 * @example
 * ```ts
 * import { Calico, Cluster, NodeContainers, parseConfig, planLab } from "encaplab";
 *
 * const config = parseConfig({ cloud: "hosts", hosts: { machines: "containers" }, encapsulation: "VXLAN" });
 * const plan = planLab(config);
 * const cluster = new Cluster("cluster", { plan, infrastructure: new NodeContainers("study", { plan }) });
 * export const pods = Calico.create("calico", { plan, cluster, config }).then((calico) => calico.podsToRestart);
 * ```
 */
export class Calico extends pulumi.ComponentResource implements PodNetwork {
  readonly pools: pulumi.CustomResource[];
  readonly podsToRestart: pulumi.Output<string[]>;
  private readonly prefix: string;

  /** Installs what {@link Calico.create} reads. */
  constructor(
    name: string,
    { plan, cluster, sources, prefix = `${name}-` }: ResolvedCalicoArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("encaplab:calico:Calico", name, {}, options);
    this.prefix = prefix;
    const api = new ClusterApi(cluster, this, prefix);
    const manifest = this.install(plan, cluster, sources);
    const reflectors = this.reflect(plan, cluster);
    const peerings = renderPeerings(plan).map(({ kind, name: object, spec }) =>
      api.declare(kind, object, { spec }, { dependsOn: [manifest, ...reflectors] }),
    );
    this.pools = api.declarePools(plan, manifest);
    this.podsToRestart = this.awaitRoutes(plan, cluster, peerings);
    this.registerOutputs({ pools: this.pools.map(({ urn }) => urn), podsToRestart: this.podsToRestart });
  }

  /**
   * Reads Calico's manifest and the image archives, and installs them.
   * @throws {ConfigError} before anything is built, when one cannot be read, or the manifest is not Calico's.
   */
  static async create(
    name: string,
    { config = {}, ...args }: CalicoArgs,
    options?: pulumi.ComponentResourceOptions,
  ): Promise<Calico> {
    return new Calico(name, { ...args, sources: await readSources(config, args.plan) }, options);
  }

  private install(plan: LabPlan, cluster: Cluster, { manifest, archives }: CalicoSources): remote.Command {
    const { controlPlane, init, caHash } = cluster;
    // On every node, joined or not: a pod must not be scheduled to a node that does not have its image.
    const images =
      archives.length === 0
        ? []
        : cluster.nodes.map(
            (node) =>
              new Images(`${this.prefix}images-${node.name}`, node, archives, {
                parent: this,
                dependsOn: cluster.prepared.get(node) as remote.Command,
              }),
          );
    const { nodes, faults } = plan;
    // With the fault, Calico detects no address by itself, so the nodes without the fault need theirs as well.
    const recorded = faults.some((one) => faultOf(one) === "node-as-32") ? nodes : [];
    return runScript(
      {
        node: controlPlane,
        prefix: this.prefix,
        step: "calico",
        values: {
          // The manifest has half a megabyte of definitions. Compressed it is a tenth of that, also in the state.
          MANIFEST: gzipSync(manifest).toString("base64"),
          RECORDED: recorded.map(({ name, recordedAddress }) => `${name} ${recordedAddress}`).join("\n"),
          BGP_READY: bgpReady(plan),
        },
        triggers: [caHash],
      },
      { parent: this, dependsOn: [init, ...images] },
    );
  }

  /** Makes the plan's nodes route reflectors, before the mesh ends. */
  private reflect({ bgp }: LabPlan, { controlPlane, members, caHash }: Cluster): remote.Command[] {
    if (bgp.reflectors.length === 0) return [];
    const values = {
      NODES: bgp.reflectors.join("\n"),
      LABEL: REFLECTOR_LABEL,
      CLUSTER_ID: REFLECTOR_CLUSTER_ID,
    };
    const { prefix } = this;
    return [
      runScript(
        {
          node: controlPlane,
          prefix,
          step: "reflectors",
          values,
          runs: "create-and-delete",
          triggers: [caHash],
        },
        { parent: this, dependsOn: [...members.values()] },
      ),
    ];
  }

  private awaitRoutes(
    plan: LabPlan,
    { controlPlane, members, nodes, caHash }: Cluster,
    peerings: readonly pulumi.Resource[],
  ): pulumi.Output<string[]> {
    const { encapsulation, faults, bgp } = plan;
    // What the routes depend on. While this stays the same, the nodes are not asked again.
    const mode = JSON.stringify([
      encapsulation,
      faults,
      bgp.enabled,
      plan.nodes.map(({ name }) => name),
      ...(bgp.mesh && bgp.exports && bgp.gatewayAsNumber === undefined ? [] : [describeBgp(plan)]),
      ...(plan.ipPools ? [plan.ipPools] : []),
    ]);
    const blocks = runScript(
      {
        node: controlPlane,
        prefix: this.prefix,
        step: "blocks",
        values: {
          NODES: plan.nodes.map(({ name }) => name).join("\n"),
          MODE: mode,
          TUNNELS: tunnelAddresses(plan),
          BGP_READY: bgpReady(plan),
        },
        triggers: [caHash],
      },
      { parent: this, dependsOn: [...members.values(), ...peerings, ...this.pools] },
    );
    const kept = nodes.map((node) => {
      const routes = runScript(
        {
          node,
          prefix: this.prefix,
          step: "routes",
          values: {
            EXPECTED: pulumi.unsecret(blocks.stdout).apply((lines) => expectedRoutes(plan, node, lines)),
            ABSENT: absentDevice(plan, node),
            POD_MTU: String(plan.mtu.pod),
          },
          triggers: [caHash],
        },
        { parent: this, dependsOn: [blocks] },
      );
      return pulumi
        .unsecret(routes.stdout)
        .apply((lines) => lines.split("\n").flatMap((pod) => (pod ? [`${pod} on ${node.name}`] : [])));
    });
    return pulumi.all(kept).apply((lists) => lists.flat());
  }
}
