/** The tunnel to a site that is another stack, where this one's gateway is an instance of the lab. */
import * as pulumi from "@pulumi/pulumi";
import type { SiteGateway } from "../infrastructure";
import type { LabPlan } from "../plan";
import { Reachable } from "./ready";
import { runScript } from "./run-script";

/** What {@link PeerLink} is made from. */
export interface PeerLinkArgs {
  plan: LabPlan;
  gateway: SiteGateway;
  /** Begins the name of every resource. Default: the component's name and a hyphen. */
  prefix?: string;
}

/**
 * strongSwan on the instance that is a site's gateway, joined to the gateway of the other stack. It is a component of its own,
 * and no part of the cluster: a lab of machines alone has it, too.
 */
export class PeerLink extends pulumi.ComponentResource {
  constructor(
    name: string,
    { plan, gateway: { machine, tunnel }, prefix = `${name}-` }: PeerLinkArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("encaplab:cluster:PeerLink", name, {}, options);
    // Without the peer's address and key there is nothing yet that strongSwan could do.
    if (tunnel) {
      const reachable = new Reachable(`${prefix}${machine.name}`, machine, { parent: this });
      const { connection, key, children, comesUp } = tunnel;
      runScript(
        {
          node: machine,
          prefix,
          step: "site-link",
          values: {
            CONNECTION: connection,
            PSK: key.apply((text) => Buffer.from(text).toString("base64")),
            CHILDREN: String(children),
            WAIT: comesUp ? "1" : "0",
            ALONE: "1",
            KUBERNETES_VERSION: plan.versions.kubernetes,
          },
          secrecy: "values",
          runs: "create-and-delete",
        },
        { parent: this, dependsOn: [reachable] },
      );
    }
    this.registerOutputs();
  }
}
