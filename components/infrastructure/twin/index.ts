/** Public API of the twin: the whole lab's network, on this machine. */
import * as pulumi from "@pulumi/pulumi";
import { ENCAPSULATION_FACTS, fabricFacts, type LabPlan } from "../../plan";
import type { Infrastructure, InfrastructureArgs, LabNode } from "../interface";
import { PartResource } from "../part";
import { renderNetwork } from "./network";
import { renderNode } from "./nodes";
import { chooseRealm, type KernelFeature } from "./realm";
import { renderSecurity } from "./security";

export { type Part, PartResource } from "../part";
export { findRealm, type Realm, runScript } from "./realm";

const PARTS = "components/infrastructure/twin/parts.ts";

/** A part of the twin as a Pulumi resource. */
class TwinPart extends PartResource {
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
    super(type, { module: PARTS, export: type.toLowerCase() }, name, inputs, outputs, options);
  }
}

/** The plan's network, and only the network, in namespaces on this machine. */
export class Twin extends pulumi.ComponentResource implements Infrastructure {
  readonly nodes: LabNode[];
  /** The lab folder. Its deletion ends everything else too. */
  readonly place: pulumi.Resource;
  /** The realm's folder, by which `shell`, `observe` and the measurement find it. */
  readonly folder: pulumi.Output<string>;
  /** Changes whenever anything that carries packets was touched. */
  readonly revision: pulumi.Output<string>;

  constructor(
    name: string,
    { plan }: Pick<InfrastructureArgs, "plan">,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("encaplab:twin:Twin", name, {}, options);
    const place = new TwinPart("Place", "place", { stack: name }, { parent: this });
    const { folder } = place;
    // Deleting the place ends everything: one call ends the realm, with all namespaces and processes in it.
    const inside = { parent: this, deletedWith: place };
    const { kind, why } = chooseRealm(featuresOf(plan));
    if (kind === "machine") pulumi.log.info(why, this);
    const realm = new TwinPart("Realm", "realm", { folder, kind }, inside);
    const network = new TwinPart(
      "Network",
      "network",
      { folder, on: realm.boot, state: renderNetwork(plan) },
      inside,
    );
    const on = network.foundation;
    const security = new TwinPart(
      "Security",
      "security",
      { folder, on, state: renderSecurity(plan) },
      inside,
    );
    const nodes = plan.nodes.map((node) => ({
      node,
      // After the rules, so that a mode's packets find their rule open.
      part: new TwinPart(
        "Node",
        node.name,
        { folder, on, state: renderNode(plan, node) },
        { ...inside, dependsOn: security },
      ),
    }));
    this.nodes = nodes.map(({ node, part }) => ({ ...node, resource: part }));
    this.place = place;
    this.folder = folder;
    this.revision = pulumi
      .all([network.revision, security.revision, ...nodes.map(({ part }) => part.revision)])
      .apply((revisions) => revisions.join(" "));
    this.registerOutputs({ folder: this.folder, revision: this.revision });
  }
}

function featuresOf(plan: LabPlan): KernelFeature[] {
  const { tunnel } = ENCAPSULATION_FACTS[plan.encapsulation];
  return [
    "nf_tables",
    ...(tunnel ? [tunnel] : []),
    ...(fabricFacts(plan).securityGroup ? ["br_netfilter" as const] : []),
  ];
}
