/** Public API of the OpenStack infrastructure: the plan on Neutron and Nova. */
import * as pulumi from "@pulumi/pulumi";
import type { OpenStackConfig } from "../../config";
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
  planIngress,
  recover,
  startsTunnel,
} from "../common";
import { backendWarning, findBackend } from "./backend";
import { estimateOpenStack } from "./cost";
import { type Found, flavorWarning, lookUp } from "./lookup";
import { createKeyPair } from "./machine";
import { createNetwork, podRoutesWarning } from "./network";
import { createNodes } from "./nodes";
import { createProvider, requireAccount } from "./provider";
import { checkQuota, roomForRules } from "./quota";
import { recoveryOf, wantedBy } from "./recovery";
import { createSecurity, type LivingRules } from "./security";
import { borrowSession, tryLogin } from "./session";
import { labelOf } from "./tags";
import { createVpn, requireVpn } from "./vpn";

export { findExpired, findLeftovers } from "./leftovers";
export { findUnknown, removeUnknown } from "./recovery";
export { createHostPort } from "./tenant-port";

/** What {@link OpenStackInfrastructure.create} builds from. */
export interface OpenStackInfrastructureArgs extends CloudArgs<OpenStackConfig> {}

/** {@link OpenStackInfrastructureArgs}, and what `create` has found out. */
export interface ResolvedOpenStackArgs extends Omit<OpenStackInfrastructureArgs, "settings"> {
  /** What may reach the nodes. */
  rules: readonly IngressRule[];
  /** What the lookup found in the cloud. */
  found: Found;
  /** What a change of the rules has to fit into. Default: no lab that is up, and no limit. */
  living?: LivingRules;
  /** What the other site's stack has said. Default: nothing yet. */
  peer?: PeerSite;
}

/**
 * The plan's nodes as Nova instances, with the network that they need: a router, a network per subnet of the plan, a
 * security group, a floating IP. Make one with {@link OpenStackInfrastructure.create}.
 *
 * @example
 * ```ts
 * import { OpenStackInfrastructure, parseConfig, planLab } from "encaplab";
 *
 * const plan = planLab(parseConfig({ cloud: "openstack", encapsulation: "VXLANCrossSubnet" }));
 * const config = { cloud: "mycloud", image: "ubuntu-24.04", flavor: "m1.medium", ttl: "8h" };
 * const machines = OpenStackInfrastructure.create("study", { plan, config });
 * export const controlPlane = machines.then(({ api }) => api.host);
 * ```
 */
export class OpenStackInfrastructure extends Cloud {
  /** Builds with what {@link OpenStackInfrastructure.create} looks up. */
  constructor(name: string, args: ResolvedOpenStackArgs, options?: pulumi.ComponentResourceOptions) {
    const { plan, config = {}, rules, found, living, peer, psk } = args;
    super(
      "encaplab:openstack:OpenStack",
      name,
      args,
      (foundation) => {
        const { scope, labTags } = foundation;
        const label = labelOf(labTags);
        const network = createNetwork(plan, found.externalNetwork.id, label, scope);
        const security = createSecurity(rules, label, scope, living);
        const keyPair = createKeyPair(foundation);
        const machines = { plan, config, found, network, security, label, keyPair };
        const nodes = createNodes(machines, foundation);
        const end = createVpn({ ...machines, peer, psk, rules }, foundation);
        return { nodes, cost: estimateOpenStack(plan, found), ...(end && { end }) };
      },
      options,
    );
  }

  /**
   * Looks up what the cloud offers, builds the plan there, and says what it consists of.
   * @param name also the lab's name in the cloud: part of the tag `stack` and of every name.
   * @throws {ConfigError} before anything is built, when the cloud cannot provide what the config asks for.
   */
  static async create(
    name: string,
    { plan, config = {}, settings = {}, prefix = `${name}-`, psk }: OpenStackInfrastructureArgs,
    options?: pulumi.ComponentResourceOptions,
  ): Promise<OpenStackInfrastructure> {
    const account = requireAccount(config, settings);
    await tryLogin(config, account);
    const access = await findAccess("openstack", config.accessCidrs);
    if (plan.peerSite) startsTunnel("openstack", plan.peerSite, pulumi.getStack());
    const peer = await findPeerSite(plan, `${prefix}peer`, besideComponent(options));
    const rules = planIngress(plan, access, peer?.cidrs);
    const provider = createProvider(`${prefix}openstack`, config, settings, besideComponent(options));
    const session = await borrowSession(provider, config, settings, account);
    await requireVpn(session, plan);
    const found = await lookUp(config, session, { provider });
    const backend = backendWarning(plan, await findBackend(session));
    for (const warning of [flavorWarning(found.flavor), podRoutesWarning(plan), backend]) {
      if (warning)
        await pulumi.log.warn(
          warning.replace("pulumi config set", `pulumi -s ${pulumi.getStack()} config set`),
        );
    }
    const held = session ? await ownState() : [];
    if (session) {
      await recover(recoveryOf(session, name), wantedBy(plan, peer?.cidrs), held);
      await checkQuota(session, name, plan, found.flavor, rules);
    }
    const living = session && { held, room: await roomForRules(session) };
    const args = { plan, config, rules, found, living, prefix, peer, psk };
    return announceCost(new OpenStackInfrastructure(name, args, { ...options, provider }));
  }
}
