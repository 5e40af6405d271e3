/** Calico on a cluster, in the mode of the plan. */
import { gzipSync } from "node:zlib";
import type { remote } from "@pulumi/command";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type Cluster, runScript } from "../cluster";
import type { Machine } from "../infrastructure";
import type { LabPlan } from "../plan";
import { IP_POOL_DEFINITION } from "./definition";
import { hasRoutingChoice } from "./manifest";
import { renderPools } from "./pools";
import { expectedRoutes } from "./routes";

export interface CalicoArgs {
  plan: LabPlan;
  cluster: Cluster;
  /** Calico's manifest as {@link editManifest} left it; undefined for a lab without Calico. */
  manifest: string | undefined;
}

const API_VERSION = "crd.projectcalico.org/v1";

/**
 * The pods' network. With Calico: its manifest, the lab's IPPools, and a wait until every node's routes show the mode.
 * Without: the reference CNI plugins and static routes, and the IPPools as what they would be.
 */
export class Calico extends pulumi.ComponentResource {
  readonly pools: pulumi.CustomResource[];

  constructor(
    name: string,
    { plan, cluster, manifest }: CalicoArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("encaplab:calico:Calico", name, {}, options);
    const provider = new kubernetes.Provider(
      "api",
      {
        kubeconfig: cluster.kubeconfig,
        // An `up` that was interrupted may have made an object without recording it.
        upsertExistingObjects: true,
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
    const kinds =
      manifest === undefined ? this.define(provider, cluster) : this.install(plan, cluster, manifest);
    if (manifest !== undefined && hasRoutingChoice(plan)) {
      declare("BGPConfiguration", "default", { spec: { programClusterRoutes: "Enabled" } }, [kinds]);
    }
    this.pools = renderPools(plan).map((pool) =>
      declare("IPPool", pool.name, { spec: pool.spec }, [kinds], {
        // Calico takes no other range into a living pool.
        replaceOnChanges: ["spec.cidr", "spec.blockSize"],
        deleteBeforeReplace: true,
      }),
    );
    if (manifest === undefined) for (const node of cluster.nodes) this.routeByHand(plan, node, cluster);
    else this.awaitRoutes(plan, cluster);
    this.registerOutputs({ pools: this.pools.map(({ urn }) => urn) });
  }

  private install(plan: LabPlan, { leader, init, caHash }: Cluster, manifest: string): remote.Command {
    const as32 = plan.nodes.filter(({ recordedAddress }) => recordedAddress.endsWith("/32"));
    return runScript(
      {
        node: leader,
        step: "calico",
        values: {
          // Half a megabyte of definitions; packed, a tenth of it, in the state as well.
          MANIFEST: gzipSync(manifest).toString("base64"),
          RECORDED: as32.map(({ name, recordedAddress }) => `${name} ${recordedAddress}`).join("\n"),
        },
        triggers: [caHash],
      },
      { parent: this, dependsOn: [init] },
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

  private awaitRoutes(plan: LabPlan, { leader, members, nodes, caHash }: Cluster): void {
    const { encapsulation, faults, bgp } = plan;
    // What of the plan routes depend on: while it stays, nobody asks the nodes again.
    const mode = JSON.stringify([encapsulation, faults, bgp.enabled, plan.nodes.map(({ name }) => name)]);
    const blocks = runScript(
      {
        node: leader,
        step: "blocks",
        values: { NODES: plan.nodes.map(({ name }) => name).join("\n"), MODE: mode },
        triggers: [caHash],
      },
      { parent: this, dependsOn: [...members.values(), ...this.pools] },
    );
    for (const node of nodes) {
      runScript(
        {
          node,
          step: "routes",
          values: {
            EXPECTED: pulumi.unsecret(blocks.stdout).apply((lines) => expectedRoutes(plan, node, lines)),
          },
          triggers: [caHash],
        },
        { parent: this, dependsOn: [blocks] },
      );
    }
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
