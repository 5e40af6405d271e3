/** Public API of the twin: the whole lab's network, on this machine. */
import * as pulumi from "@pulumi/pulumi";
import { DYNAMIC_TYPE, DynamicResource } from "../../remote/dynamic";
import { presharedKey } from "../common";
import { renderSecurity } from "../fabric";
import type { Infrastructure, InfrastructureArgs, LabNode } from "../interface";
import { fold } from "./fold";
import { renderLink } from "./ipsec-config";
import { renderNetwork } from "./network";
import { renderNode } from "./nodes";
import { chooseSandbox, featuresOf } from "./sandbox";

export { findSandbox, runScript, type Sandbox } from "./sandbox";

/** A dynamic resource of the twin. */
class TwinResource extends DynamicResource {
  declare readonly folder: pulumi.Output<string>;
  declare readonly boot: pulumi.Output<string>;
  declare readonly revision: pulumi.Output<string>;
  declare readonly foundation: pulumi.Output<string>;

  constructor(
    type: string,
    name: string,
    inputs: Record<string, unknown>,
    options: pulumi.CustomResourceOptions,
  ) {
    const outputs = ["folder", "boot", "revision", "foundation"];
    super(type, name, inputs, outputs, options);
  }
}

/** What a {@link Twin} is made from. */
export interface TwinArgs extends Pick<InfrastructureArgs, "plan" | "prefix"> {
  /** The pre-shared key of the tunnel between two sites, secret. Default: one is made and kept in the stack's state. */
  psk?: string | undefined;
}

/**
 * The plan's network, and only the network, in namespaces on this machine. It plays any cloud's plan with that cloud's
 * rules.
 *
 * @example
 * ```ts
 * import { parseConfig, planLab, Twin } from "encaplab";
 *
 * const plan = planLab(parseConfig({ cloud: "openstack", encapsulation: "IPIPCrossSubnet" }));
 * const twin = new Twin("study", { plan });
 * export const addresses = twin.nodes.map(({ name, address }) => `${name} ${address}`);
 * export const folder = twin.folder;
 * ```
 */
export class Twin extends pulumi.ComponentResource implements Infrastructure {
  /** Every node has a resource of its own, and no connection: it is not a machine. */
  readonly nodes: LabNode[];
  /** The lab folder. Its deletion ends everything else too. */
  readonly labFolder: pulumi.Resource;
  /** The lab folder's path, by which `shell`, `observe` and the measurement find it. */
  readonly folder: pulumi.Output<string>;
  /** Changes whenever anything that carries packets was touched. */
  readonly revision: pulumi.Output<string>;

  /** @param name also begins the name of the lab's folder. */
  constructor(
    name: string,
    { plan, psk, prefix = `${name}-` }: TwinArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("encaplab:twin:Twin", name, {}, options);
    const labFolder = new TwinResource(
      "TwinFolder",
      `${prefix}folder`,
      { stack: name },
      { parent: this, aliases: [{ type: `${DYNAMIC_TYPE}Place`, name: "place" }] },
    );
    const { folder } = labFolder;
    // Deleting the folder ends everything: one call ends the sandbox, with all namespaces and processes in it.
    const inside = { parent: this, deletedWith: labFolder };
    const { kind, why } = chooseSandbox(featuresOf(plan));
    if (kind === "machine") pulumi.log.info(why, this);
    const sandbox = new TwinResource(
      "Sandbox",
      `${prefix}sandbox`,
      { folder, kind },
      { ...inside, aliases: [{ type: `${DYNAMIC_TYPE}Realm`, name: "realm" }] },
    );
    const network = new TwinResource(
      "Network",
      `${prefix}network`,
      { folder, on: sandbox.boot, state: fold(renderNetwork(plan)) },
      inside,
    );
    const on = network.foundation;
    const security = new TwinResource(
      "Security",
      `${prefix}security`,
      { folder, on, state: fold(renderSecurity(plan)) },
      inside,
    );
    const joined =
      plan.link &&
      new TwinResource(
        "Link",
        `${prefix}link`,
        {
          folder,
          on,
          state: presharedKey(`${prefix}psk`, psk, inside).apply((key) => renderLink(plan, key)),
        },
        { ...inside, additionalSecretOutputs: ["state"] },
      );
    const nodes = plan.nodes.map((node) => ({
      node,
      // After the rules, so that a mode's packets find their rule open.
      resource: new TwinResource(
        "Node",
        `${prefix}${node.name}`,
        { folder, on, state: fold(renderNode(plan, node)) },
        { ...inside, dependsOn: joined ? [security, joined] : security },
      ),
    }));
    this.nodes = nodes.map(({ node, resource }) => ({ ...node, resource }));
    this.labFolder = labFolder;
    this.folder = folder;
    this.revision = pulumi
      .all([
        network.revision,
        security.revision,
        ...(joined ? [joined.revision] : []),
        ...nodes.map(({ resource }) => resource.revision),
      ])
      .apply((revisions) => revisions.join(" "));
    this.registerOutputs({ folder: this.folder, revision: this.revision });
  }
}
