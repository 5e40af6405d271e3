/** What every cloud's component is, has, and begins with. */
import * as pulumi from "@pulumi/pulumi";
import type { AwsConfig, OpenStackConfig, ProviderSettings } from "../../config";
import type { LabPlan } from "../../plan";
import type { CloudInfrastructure, CloudNode, CostEstimate, Endpoint, SiteEnd } from "../interface";
import { apiOf } from "./endpoint";
import { Beginning, watchExpiry } from "./expiry";
import { createLogin, type Login } from "./key";
import { type Scope, scopeOf } from "./scope";
import { type LabTags, labTags } from "./tags";

/** What a cloud builds a plan from. `Config` is the cloud's own section of the config. */
export interface CloudArgs<Config> {
  /** What to build. Its cloud must be this one. */
  plan: LabPlan;
  /** The cloud's section of the config. Default: every default of that section. */
  config?: Config;
  /** Settings for the cloud's provider, as a stack file has them in its namespace (`aws:profile`). Default: none. */
  settings?: ProviderSettings;
  /** Begins the name of every resource. Default: the component's name and a hyphen. */
  prefix?: string;
  /** The pre-shared key of the tunnel to the plan's peer, a secret. Default: the stack on AWS makes one. */
  psk?: string;
}

/** The keys that every cloud's section has. */
type CommonConfig = Pick<AwsConfig & OpenStackConfig, "owner" | "publicKey" | "ttl">;

/** What every cloud makes its resources with. */
export interface Foundation {
  /** The lab's name in the cloud. Part of the name of everything that the cloud lists. */
  stack: string;
  scope: Scope;
  labTags: LabTags;
  login: Login;
}

/** The part of a cloud's component that only this cloud can make. */
export type Build = (foundation: Foundation) => { nodes: CloudNode[]; cost: CostEstimate; end?: SiteEnd };

/** A plan's nodes in a cloud, with the network that they need. */
export abstract class Cloud extends pulumi.ComponentResource implements CloudInfrastructure {
  /** In the plan's order. */
  readonly nodes: CloudNode[];
  readonly api: Endpoint;
  readonly ownKey: pulumi.Output<string> | undefined;
  readonly cost: CostEstimate;
  readonly expiry: pulumi.Output<string> | undefined;
  readonly end: SiteEnd | undefined;

  protected constructor(
    type: string,
    name: string,
    { plan, config = {}, prefix = `${name}-` }: CloudArgs<CommonConfig>,
    build: Build,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super(type, name, {}, options);
    const scope = scopeOf(this, prefix);
    const beginning = new Beginning(scope.named("beginning"), { parent: this });
    this.expiry = watchExpiry(beginning, config.ttl);
    const login = createLogin(scope.named("login"), config.publicKey, { parent: this });
    const tags = labTags(name, beginning, config.owner, this.expiry);
    const { nodes, cost, end } = build({ stack: name, scope, labTags: tags, login });
    this.nodes = nodes;
    this.api = apiOf(plan, nodes);
    this.ownKey = login.privateKey;
    this.cost = cost;
    this.end = end;
    this.registerOutputs({
      addresses: Object.fromEntries(nodes.map((node) => [node.name, node.publicAddress ?? node.address])),
      expiry: this.expiry,
    });
  }
}

/** Says what a lab is estimated to cost. @returns the lab. */
export async function announceCost<Lab extends Cloud>(lab: Lab): Promise<Lab> {
  await pulumi.log.info(lab.cost.sentence, lab);
  return lab;
}
