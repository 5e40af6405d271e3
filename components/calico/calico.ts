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
  /** Image archives that every node takes in first; none when the nodes pull the images themselves. */
  archives: readonly Archive[];
}

export interface CalicoArgs {
  plan: LabPlan;
  cluster: Cluster;
  /** Undefined for a lab without Calico. */
  sources: CalicoSources | undefined;
}

const API_VERSION = "crd.projectcalico.org/v1";

/** For the steps: "1" where calico-node can become ready, because nothing keeps BIRD's sessions from being established. */
const bgpReady = (plan: LabPlan): string => (!plan.bgp.enabled || bgpEstablished(plan) ? "1" : "0");

/**
 * The pods' network. With Calico: its manifest, the lab's IPPools, and a wait until every node's routes show the mode.
 * Without: the reference CNI plugins and static routes, and the IPPools as what they would be.
 */
export class Calico extends pulumi.ComponentResource {
  readonly pools: pulumi.CustomResource[];
  /**
   * Pods that lived through the last change of the mode with an MTU that new pods no longer get, as `namespace/name on
   * node`. Calico sets a pod's MTU when the pod is made.
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
        // An `up` that was interrupted may have made an object without recording it.
        upsertExistingObjects: true,
        // A pool that was changed by hand (`kubectl patch ippool`) belongs to kubectl as far as its changed fields go. The
        // lab's config decides all the same.
        enablePatchForce: true,
        // A cluster made anew is another one, though its address stays.
        clusterIdentifier: cluster.caHash,
        // What lived in the one before is gone with it, and can no longer be asked for.
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
        // A destroy must not wait for an API that goes as well, or is gone (pulumi-kubernetes#2517).
        { parent: this, provider, dependsOn, deletedWith: cluster.init, ...options },
      );
    const kinds = sources ? this.install(plan, cluster, sources) : this.define(provider, cluster);
    if (sources && hasRoutingChoice(plan)) {
      declare("BGPConfiguration", "default", { spec: { programClusterRoutes: "Enabled" } }, [kinds]);
    }
    this.pools = renderPools(plan).map((pool) =>
      // The cloud lets the new mode through, and every node runs the Calico of the manifest, before a pool changes.
      declare("IPPool", pool.name, { spec: pool.spec }, [kinds, cluster.infrastructure], {
        // Calico takes no other range into a living pool.
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
          // Half a megabyte of definitions; packed, a tenth of it, in the state as well.
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
    // What of the plan routes depend on: while it stays, nobody asks the nodes again.
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
