/** Public API of the OpenStack infrastructure: the plan on Neutron and Nova. */
import * as pulumi from "@pulumi/pulumi";
import type { OpenStackConfig } from "../../config";
import type { LabPlan } from "../../plan";
import {
  apiOf,
  Beginning,
  type CostEstimate,
  createLogin,
  estimateCost,
  findAccess,
  labTags,
  planIngress,
  watchExpiry,
} from "../common";
import type { CloudInfrastructure, CloudNode, Endpoint, InfrastructureArgs } from "../interface";
import { type Found, flavorWarning, lookUp } from "./lookup";
import { createNetwork, podRoutesWarning } from "./network";
import { createNodes } from "./nodes";
import { createProvider, requireAccount } from "./provider";
import { checkQuota } from "./quota";
import { createSecurity } from "./security";
import { borrowSession } from "./session";
import { labelOf } from "./tags";

/** What {@link OpenStack} is made from. */
export interface OpenStackArgs {
  plan: LabPlan;
  config: OpenStackConfig;
  /** CIDRs that may reach SSH, the API and NodePorts. */
  operatorCidrs: readonly string[];
  /** What the lookup found in the cloud. */
  found: Found;
  /** Begins the name of every resource. Default: the component's name and a hyphen. */
  prefix?: string;
}

/** The plan's nodes as Nova instances, and the network that they need. */
export class OpenStack extends pulumi.ComponentResource implements CloudInfrastructure {
  readonly nodes: CloudNode[];
  readonly api: Endpoint;
  readonly ownKey: pulumi.Output<string> | undefined;
  readonly cost: CostEstimate;
  readonly expiry: pulumi.Output<string> | undefined;

  constructor(
    name: string,
    { plan, config, operatorCidrs, found, prefix = `${name}-` }: OpenStackArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("encaplab:openstack:OpenStack", name, {}, options);
    const beginning = new Beginning(`${prefix}beginning`, { parent: this });
    this.expiry = watchExpiry(beginning, config.ttl);
    const label = labelOf(labTags(name, beginning, config.owner, this.expiry));
    const login = createLogin(`${prefix}login`, config.publicKey, { parent: this });
    const network = createNetwork(plan, found.externalNetwork.id, label, this);
    const security = createSecurity(planIngress(plan, operatorCidrs), label, this);
    this.nodes = createNodes(name, { plan, config, found, network, security, login, label }, this);
    this.api = apiOf(plan, this.nodes);
    this.ownKey = login.privateKey;
    // Each cloud has its own prices, and OpenStack has no API for them.
    this.cost = estimateCost([{ what: found.flavor.name, count: plan.nodes.length, perHour: undefined }], "");
    this.registerOutputs({
      addresses: Object.fromEntries(
        this.nodes.map((node) => [node.name, node.publicAddress ?? node.address]),
      ),
      expiry: this.expiry,
    });
  }
}

/**
 * Looks up what the cloud offers, and builds the lab.
 * @throws {ConfigError} before anything is built, when the cloud cannot provide what the config asks for.
 */
export async function createOpenStack(
  name: string,
  { plan, config: { openstack: config = {} }, settings = {}, prefix }: InfrastructureArgs,
  options?: pulumi.ComponentResourceOptions,
): Promise<OpenStack> {
  const account = requireAccount(config, settings);
  const operatorCidrs = await findAccess("openstack", config.accessCidrs);
  const provider = createProvider(config, settings, { parent: options?.parent, aliases: options?.aliases });
  const session = await borrowSession(provider, config, settings, account);
  const found = await lookUp(config, session, { provider });
  for (const warning of [flavorWarning(found.flavor), podRoutesWarning(plan)]) {
    if (warning) await pulumi.log.warn(warning);
  }
  // Plus the egress rule, and the two rules that Neutron makes with every group before they are deleted.
  const rules = planIngress(plan, operatorCidrs).length + 3;
  if (session) await checkQuota(session, name, plan, found.flavor, rules);
  const lab = new OpenStack(
    name,
    { plan, config, operatorCidrs, found, ...(prefix !== undefined && { prefix }) },
    { ...options, provider },
  );
  await pulumi.log.info(lab.cost.sentence, lab);
  return lab;
}
