/** The cluster's API, as far as the pod network declares objects in it. */
import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../cluster";
import type { LabPlan } from "../plan";
import { renderPools } from "./pools";

const API_VERSION = "crd.projectcalico.org/v1";

/** The objects that a pod network declares in a cluster. */
export class ClusterApi {
  private readonly provider: kubernetes.Provider;

  constructor(
    private readonly cluster: Cluster,
    private readonly parent: pulumi.Resource,
    private readonly prefix: string,
  ) {
    this.provider = new kubernetes.Provider(
      `${prefix}api`,
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
      { parent },
    );
  }

  /** The options of every object: a destroy must not wait for an API that it also deletes, or that is already gone. */
  private get inside(): pulumi.CustomResourceOptions {
    // pulumi-kubernetes#2517
    return { parent: this.parent, provider: this.provider, deletedWith: this.cluster.init };
  }

  /** Declares the definition of a kind. */
  define(name: string, definition: kubernetes.apiextensions.CustomResourceArgs): pulumi.CustomResource {
    return new kubernetes.apiextensions.CustomResource(`${this.prefix}${name}`, definition, {
      ...this.inside,
      dependsOn: this.cluster.init,
    });
  }

  /** Declares an object of one of Calico's kinds. */
  declare(
    kind: string,
    name: string,
    fields: Record<string, unknown>,
    options: pulumi.CustomResourceOptions,
  ): pulumi.CustomResource {
    const object = { apiVersion: API_VERSION, kind, metadata: { name }, ...fields };
    return new kubernetes.apiextensions.CustomResource(`${this.prefix}${name}`, object, {
      ...this.inside,
      ...options,
    });
  }

  /** Declares the plan's IPPools. @param kinds the resource that brings the kind IPPool. */
  declarePools(plan: LabPlan, kinds: pulumi.Resource): pulumi.CustomResource[] {
    // With a pool for each block, there is one pool for each address that a node takes.
    const isInOrder = plan.ipPools !== undefined && plan.podRoutes.length === 0;
    const declared: pulumi.CustomResource[] = [];
    for (const { name, spec } of renderPools(plan)) {
      const pool = this.declare(
        "IPPool",
        name,
        { spec },
        {
          // Change a pool only after the cloud lets the new mode through and every node runs the Calico of the manifest.
          // Several pools come one after the other: which of them is there first decides where a node gets its addresses.
          dependsOn: [kinds, this.cluster.infrastructure, ...(isInOrder ? declared.slice(-1) : [])],
          // Calico cannot change the range of an existing pool.
          replaceOnChanges: ["spec.cidr", "spec.blockSize"],
          deleteBeforeReplace: true,
        },
      );
      declared.push(pool);
    }
    return declared;
  }
}
