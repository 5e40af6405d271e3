/** Public API of the AWS infrastructure: the plan on EC2. */
import * as pulumi from "@pulumi/pulumi";
import type { AwsConfig } from "../../config";
import type { LabPlan } from "../../plan";
import type { CostEstimate } from "../common";
import { apiOf, Beginning, createLogin, findAccess, labTags, watchExpiry } from "../common";
import type { CloudInfrastructure, CloudNode, Endpoint, InfrastructureArgs } from "../interface";
import { estimateAws } from "./cost";
import { type Found, lookUp } from "./lookup";
import { createNetwork, createPodRoutes, vpcCidr } from "./network";
import { createNodes } from "./nodes";
import { createProvider, findRegion, hasOwnEndpoint } from "./provider";
import { checkQuota } from "./quota";
import { createSecurity, planRules } from "./security";
import { resourceTags } from "./tags";

export { findLeftovers, type Leftover } from "./leftovers";
export { createProvider, findRegion } from "./provider";

/** What {@link Aws} is made from. */
export interface AwsArgs {
  plan: LabPlan;
  config: AwsConfig;
  /** CIDRs that may reach SSH, the API and NodePorts. */
  operatorCidrs: readonly string[];
  /** What the lookup found in the region. */
  found: Found;
  /** Whether the user has set EC2's endpoint, which may then only resemble EC2. Default: false. */
  ownEndpoint?: boolean;
  /** Begins the name of every resource. Default: the component's name and a hyphen. */
  prefix?: string;
}

/** The plan's nodes as EC2 instances, and the network that they need. */
export class Aws extends pulumi.ComponentResource implements CloudInfrastructure {
  readonly nodes: CloudNode[];
  readonly api: Endpoint;
  readonly ownKey: pulumi.Output<string> | undefined;
  readonly cost: CostEstimate;
  readonly expiry: pulumi.Output<string> | undefined;

  constructor(
    name: string,
    { plan, config, operatorCidrs, found, ownEndpoint = false, prefix = `${name}-` }: AwsArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("encaplab:aws:Aws", name, {}, options);
    const beginning = new Beginning(`${prefix}beginning`, { parent: this });
    this.expiry = watchExpiry(beginning, config.ttl);
    const tags = resourceTags(labTags(name, beginning, config.owner, this.expiry));
    const login = createLogin(`${prefix}login`, config.publicKey, { parent: this });
    const network = createNetwork(plan, found.zones, tags, this);
    const rules = planRules(plan, operatorCidrs);
    const security = createSecurity(`encaplab-${name}`, rules, network.vpc, tags, this);
    const args = { plan, config, found, ownEndpoint, network, security, login, tags };
    const { nodes, instances } = createNodes(`encaplab-${name}`, args, this);
    createPodRoutes(plan, network.routeTable, instances, this);
    this.nodes = nodes;
    this.api = apiOf(plan, nodes);
    this.ownKey = login.privateKey;
    this.cost = estimateAws(plan, found, config.spot ?? false);
    this.registerOutputs({
      addresses: Object.fromEntries(nodes.map((node) => [node.name, node.publicAddress])),
      expiry: this.expiry,
    });
  }
}

/**
 * Looks up what the region offers, builds the lab, and logs its estimated cost.
 * @throws {ConfigError} before anything is built, when the region cannot provide what the config asks for.
 */
export async function createAws(
  name: string,
  { plan, config: { aws: config = {} }, settings = {}, prefix }: InfrastructureArgs,
  options?: pulumi.ComponentResourceOptions,
): Promise<Aws> {
  const region = findRegion(config, settings);
  vpcCidr(plan);
  const operatorCidrs = await findAccess("aws", config.accessCidrs);
  planRules(plan, operatorCidrs);
  const provider = createProvider(region, settings, { parent: options?.parent, aliases: options?.aliases });
  const found = await lookUp(region, config, provider);
  await checkQuota(plan, found, config, settings, provider);
  const ownEndpoint = hasOwnEndpoint(settings);
  const lab = new Aws(
    name,
    { plan, config, operatorCidrs, found, ownEndpoint, ...(prefix !== undefined && { prefix }) },
    { ...options, provider },
  );
  await pulumi.log.info(lab.cost.sentence, lab);
  return lab;
}
