/** Calico on a cluster, in the mode of the plan. */
import { gzipSync } from "node:zlib";
import type { remote } from "@pulumi/command";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type Cluster, runScript } from "../cluster";
import type { Machine } from "../infrastructure";
import { bgpEstablished, ENCAPSULATION_FACTS, type LabPlan } from "../plan";
import type { Archive } from "./archives";
import { IP_POOL_DEFINITION } from "./definition";
import { Images } from "./images";
import { hasRoutingChoice } from "./manifest";
import { renderPools } from "./pools";
import { expectedRoutes } from "./routes";

/** What Calico is installed from. */
export interface CalicoSources {
  /** Calico's manifest as {@link editManifest} left it. */
  manifest: string;
  /** Image archives that every node imports first; empty when the nodes pull the images themselves. */
  archives: readonly Archive[];
}

export interface CalicoArgs {
  plan: LabPlan;
  cluster: Cluster;
  /** Undefined for a lab without Calico. */
  sources: CalicoSources | undefined;
}

const API_VERSION = "crd.projectcalico.org/v1";

/** For the steps: "1" if calico-node can become ready, because BIRD can establish its sessions or does not run. */
const bgpReady = (plan: LabPlan): string => (!plan.bgp.enabled || bgpEstablished(plan) ? "1" : "0");

/**
 * The pods' network. With Calico: its manifest, the lab's IPPools, and a wait until every node's routes show the mode.
 * Without Calico: the reference CNI plugins, static routes, and the IPPools, which then have no effect.
 */
export class Calico extends pulumi.ComponentResource {
  readonly pools: pulumi.CustomResource[];
  /**
   * Pods that still have the MTU from before the last change of the mode, as `namespace/name on node`. Calico sets a
   * pod's MTU only when it creates the pod.
   */
  readonly podsToRestart: pulumi.Output<string[]>;

  constructor(
    name: string,
    { plan, cluster, sources }: CalicoArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("encaplab:calico:Calico", name, {}, options);
    const provider = new kubernetes.Provider(
      "api",
      {
        kubeconfig: cluster.kubeconfig,
        // An interrupted `up` may have made an object without recording it: update that object instead of failing.
        upsertExistingObjects: true,
        // After a change by hand (`kubectl patch ippool`), the changed fields belong to kubectl. Overwrite them: the
        // lab's config decides.
        enablePatchForce: true,
        // A rebuilt cluster is another cluster, although its address stays the same.
        clusterIdentifier: cluster.caHash,
        // The objects of the old cluster are gone with it. Do not fail because its API cannot be reached.
        deleteUnreachable: true,
      },
      { parent: this },
    );
    const declare = (
      kind: string,
      object: string,
      fields: Record<string, unknown>,
      dependsOn: pulumi.Resource[],
      options: pulumi.CustomResourceOptions = {},
    ) =>
      new kubernetes.apiextensions.CustomResource(
        object,
        { apiVersion: API_VERSION, kind, metadata: { name: object }, ...fields },
        // A destroy must not wait for an API that it also deletes, or that is already gone (pulumi-kubernetes#2517).
        { parent: this, provider, dependsOn, deletedWith: cluster.init, ...options },
      );
    const kinds = sources ? this.install(plan, cluster, sources) : this.define(provider, cluster);
    if (sources && hasRoutingChoice(plan)) {
      declare("BGPConfiguration", "default", { spec: { programClusterRoutes: "Enabled" } }, [kinds]);
    }
    this.pools = renderPools(plan).map((pool) =>
      // Change a pool only after the cloud lets the new mode through and every node runs the Calico of the manifest.
      declare("IPPool", pool.name, { spec: pool.spec }, [kinds, cluster.infrastructure], {
        // Calico cannot change the range of an existing pool.
        replaceOnChanges: ["spec.cidr", "spec.blockSize"],
        deleteBeforeReplace: true,
      }),
    );
    if (!sources) for (const node of cluster.nodes) this.routeByHand(plan, node, cluster);
    this.podsToRestart = sources ? this.awaitRoutes(plan, cluster) : pulumi.output([]);
    this.registerOutputs({ pools: this.pools.map(({ urn }) => urn), podsToRestart: this.podsToRestart });
  }

  private install(plan: LabPlan, cluster: Cluster, { manifest, archives }: CalicoSources): remote.Command {
    const { leader, init, caHash } = cluster;
    // On every node, joined or not: a pod must not be scheduled to a node that does not have its image.
    const images =
      archives.length === 0
        ? []
        : cluster.nodes.map(
            (node) =>
              new Images(node, archives, {
                parent: this,
                dependsOn: cluster.prepared.get(node) as remote.Command,
              }),
          );
    const as32 = plan.nodes.filter(({ recordedAddress }) => recordedAddress.endsWith("/32"));
    return runScript(
      {
        node: leader,
        step: "calico",
        values: {
          // The manifest has half a megabyte of definitions. Compressed it is a tenth of that, also in the state.
          MANIFEST: gzipSync(manifest).toString("base64"),
          RECORDED: as32.map(({ name, recordedAddress }) => `${name} ${recordedAddress}`).join("\n"),
          BGP_READY: bgpReady(plan),
        },
        triggers: [caHash],
      },
      { parent: this, dependsOn: [init, ...images] },
    );
  }

  private define(provider: kubernetes.Provider, { init }: Cluster): pulumi.CustomResource {
    return new kubernetes.apiextensions.CustomResource("ippools", IP_POOL_DEFINITION, {
      parent: this,
      provider,
      dependsOn: init,
      deletedWith: init,
    });
  }

  private awaitRoutes(plan: LabPlan, { leader, members, nodes, caHash }: Cluster): pulumi.Output<string[]> {
    const { encapsulation, faults, bgp } = plan;
    // What the routes depend on. While this stays the same, the nodes are not asked again.
    const mode = JSON.stringify([encapsulation, faults, bgp.enabled, plan.nodes.map(({ name }) => name)]);
    const blocks = runScript(
      {
        node: leader,
        step: "blocks",
        values: {
          NODES: plan.nodes.map(({ name }) => name).join("\n"),
          MODE: mode,
          TUNNEL: ENCAPSULATION_FACTS[encapsulation].tunnel?.toUpperCase() ?? "",
          BGP_READY: bgpReady(plan),
        },
        triggers: [caHash],
      },
      { parent: this, dependsOn: [...members.values(), ...this.pools] },
    );
    const kept = nodes.map((node) => {
      const routes = runScript(
        {
          node,
          step: "routes",
          values: {
            EXPECTED: pulumi.unsecret(blocks.stdout).apply((lines) => expectedRoutes(plan, node, lines)),
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

  private routeByHand(plan: LabPlan, node: Machine, { members }: Cluster): void {
    const others = plan.nodes.filter(({ name }) => name !== node.name);
    runScript(
      {
        node,
        step: "pod-network",
        values: {
          POD_CIDR: plan.ipPool.cidr,
          BLOCK: node.block,
          ROUTES: others.map(({ block, address }) => `${block} ${address}`).join("\n"),
          MTU: String(plan.mtu.link),
          NAT_OUTGOING: plan.ipPool.natOutgoing ? "1" : "0",
        },
      },
      { parent: this, dependsOn: [members.get(node) as pulumi.CustomResource] },
    );
  }
}
