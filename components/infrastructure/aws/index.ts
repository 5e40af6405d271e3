/** Public API of the AWS infrastructure: the plan on EC2. */
import * as pulumi from "@pulumi/pulumi";
import type { AwsConfig } from "../../config";
import {
  announceCost,
  besideComponent,
  Cloud,
  type CloudArgs,
  findAccess,
  findPeerSite,
  type IngressRule,
  ownState,
  type PeerSite,
  recover,
  type StateResource,
  startsTunnel,
} from "../common";
import { estimateAws } from "./cost";
import { askThrough } from "./leftovers";
import { type Found, lookUp } from "./lookup";
import { createKeyPair } from "./machine";
import { createNetwork, createPodRoutes } from "./network";
import { createNodes, spotWarning } from "./nodes";
import { createProvider, findRegion, hasOwnEndpoint } from "./provider";
import { checkQuota } from "./quota";
import { recoveryOf, wantedBy } from "./recovery";
import { createSecurity, planRules } from "./security";
import { resourceTags } from "./tags";
import { createVpn } from "./vpn";

export { findExpired, findLeftovers } from "./leftovers";
export { findUnknown, removeUnknown } from "./recovery";

/** What {@link AwsInfrastructure.create} builds from. */
export interface AwsInfrastructureArgs extends CloudArgs<AwsConfig> {}

/** {@link AwsInfrastructureArgs}, and what `create` has found out. */
export interface ResolvedAwsArgs extends Omit<AwsInfrastructureArgs, "settings"> {
  /** What may reach the nodes. */
  rules: readonly IngressRule[];
  /** What the lookup found in the region. */
  found: Found;
  /** Whether the user has set EC2's endpoint, which may then only resemble EC2. Default: false. */
  ownEndpoint?: boolean;
  /** The stack's own state, which says what is there already. Default: nothing. */
  held?: readonly StateResource[];
  /** What the other site's stack has said. Default: nothing yet. */
  peer?: PeerSite;
}

/**
 * The plan's nodes as EC2 instances, with the network that they need: a VPC, a subnet per subnet of the plan, a security
 * group. Make one with {@link AwsInfrastructure.create}.
 *
 * @example
 * ```ts
 * import { AwsInfrastructure, parseConfig, planLab } from "encaplab";
 *
 * const plan = planLab(parseConfig({ cloud: "aws", encapsulation: "IPIPCrossSubnet" }));
 * const machines = AwsInfrastructure.create("study", { plan, config: { region: "eu-central-1", ttl: "8h" } });
 * export const addresses = machines.then(({ nodes }) => nodes.map(({ publicAddress }) => publicAddress));
 * ```
 */
export class AwsInfrastructure extends Cloud {
  /** Builds with what {@link AwsInfrastructure.create} looks up. */
  constructor(name: string, args: ResolvedAwsArgs, options?: pulumi.ComponentResourceOptions) {
    const { plan, config = {}, rules, found, ownEndpoint = false, held, peer, psk } = args;
    super(
      "encaplab:aws:Aws",
      name,
      args,
      (foundation) => {
        const { scope, labTags } = foundation;
        const tags = resourceTags(labTags);
        const network = createNetwork(plan, found.zones, tags, scope);
        const security = createSecurity(rules, network.vpc, tags, foundation, held);
        const keyPair = createKeyPair(tags, foundation);
        const machines = { plan, config, found, ownEndpoint, network, security, tags, keyPair };
        const { nodes, instances } = createNodes(machines, foundation);
        createPodRoutes(plan, network.routeTable, instances, scope);
        const end = createVpn({ ...machines, peer, psk, rules }, foundation);
        return { nodes, cost: estimateAws(plan, found, config.spot ?? false), ...(end && { end }) };
      },
      options,
    );
  }

  /**
   * Looks up what the region offers, builds the plan there, and says what it is estimated to cost.
   * @param name also the lab's name in the cloud: the value of the tag `stack`.
   * @throws {ConfigError} before anything is built, when the region cannot provide what the config asks for.
   */
  static async create(
    name: string,
    { plan, config = {}, settings = {}, prefix = `${name}-`, psk }: AwsInfrastructureArgs,
    options?: pulumi.ComponentResourceOptions,
  ): Promise<AwsInfrastructure> {
    const region = findRegion(config, settings);
    const access = await findAccess("aws", config.accessCidrs);
    if (plan.peerSite) startsTunnel("aws", plan.peerSite, pulumi.getStack());
    const peer = await findPeerSite(plan, `${prefix}peer`, besideComponent(options));
    const rules = planRules(plan, access, peer?.cidrs);
    const provider = createProvider(`${prefix}aws`, region, settings, besideComponent(options));
    const found = await lookUp(region, config, provider);
    await checkQuota(name, plan, found, config, settings, provider);
    const held = await ownState();
    await recover(
      recoveryOf(askThrough(region, provider), region, settings, name),
      wantedBy(plan, peer?.cidrs),
      held,
    );
    const warning = spotWarning(held, config);
    if (warning) await pulumi.log.warn(warning);
    const ownEndpoint = hasOwnEndpoint(settings);
    const args = { plan, config, rules, found, held, ownEndpoint, prefix, peer, psk };
    return announceCost(new AwsInfrastructure(name, args, { ...options, provider }));
  }
}
