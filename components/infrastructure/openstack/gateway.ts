/** The office's gateway as an instance of the lab: its port, its floating IP, its group, and the router's routes by it. */
import * as openstack from "@pulumi/openstack";
import type { OpenStackConfig } from "../../config";
import { SITE_GATEWAY, type SiteGatewayPlan } from "../../plan";
import {
  connectionTo,
  type Foundation,
  type GatewayRule,
  KeyPair,
  type PeerSite,
  type Scope,
} from "../common";
import type { SiteGateway } from "../interface";
import { createFloatingIp, createInstance, type MachineArgs, USER } from "./machine";
import type { Network, NetworkSubnet } from "./network";
import { inWordsOfNeutron, type Security } from "./security";

/** What the gateway is made from. */
export interface GatewayArgs extends MachineArgs {
  gateway: SiteGatewayPlan;
  peer: PeerSite | undefined;
  rules: readonly GatewayRule[];
  config: OpenStackConfig;
  network: Network;
  /** The nodes' own. */
  security: Security;
}

/** Declares the gateway. Its strongSwan comes later, by a step over SSH. */
export function createGateway(
  args: GatewayArgs,
  { scope, login }: Pick<Foundation, "scope" | "login">,
): Omit<SiteGateway, "tunnel"> {
  const { gateway, peer, config, network } = args;
  const { parent, named } = scope;
  const place = network.subnets.get(gateway.subnet) as NetworkSubnet;
  const port = createPort(args, place, scope);
  const hostKey = new KeyPair(named(`${SITE_GATEWAY}-host`), { parent });
  const instance = createInstance(SITE_GATEWAY, port, place, hostKey, args, scope);
  const publicAddress = createFloatingIp(SITE_GATEWAY, port, place, args, scope);
  for (const cidr of peer?.cidrs ?? [])
    new openstack.networking.RouterRoute(
      named(`${SITE_GATEWAY}-${cidr.replace("/", "-")}-via-${gateway.address}`),
      { routerId: place.leg.routerId, destinationCidr: cidr, nextHop: gateway.address },
      // As those to the pods.
      { parent, dependsOn: place.leg },
    );
  return {
    machine: {
      name: SITE_GATEWAY,
      resource: instance,
      connection: connectionTo(publicAddress, config.user ?? USER, login, hostKey),
    },
    publicAddress,
  };
}

/** The port through which packets with addresses of the other site come and go, which port security would drop. */
function createPort(
  { gateway, peer, label, rules, security }: GatewayArgs,
  { subnet, leg }: NetworkSubnet,
  scope: Scope,
): openstack.networking.Port {
  const { parent, named } = scope;
  const group = new openstack.networking.SecGroup(
    named(SITE_GATEWAY),
    { ...label.described(SITE_GATEWAY), deleteDefaultRules: true },
    { parent },
  );
  const inside = { parent, deletedWith: group };
  const ingress = rules.map(
    (rule) =>
      new openstack.networking.SecGroupRule(
        named(`${SITE_GATEWAY}-${rule.name}`),
        { ...ingressArgs(rule, security), securityGroupId: group.id },
        inside,
      ),
  );
  const egress = new openstack.networking.SecGroupRule(
    named(`${SITE_GATEWAY}-all-out`),
    { securityGroupId: group.id, direction: "egress", ethertype: "IPv4", description: "encaplab: all-out" },
    inside,
  );
  return new openstack.networking.Port(
    named(SITE_GATEWAY),
    {
      ...label.described(SITE_GATEWAY),
      networkId: subnet.networkId,
      fixedIps: [{ subnetId: subnet.id, ipAddress: gateway.address }],
      securityGroupIds: [group.id],
      allowedAddressPairs: (peer?.cidrs ?? []).map((ipAddress) => ({ ipAddress })),
    },
    // As the nodes' ports.
    {
      parent,
      dependsOn: [...ingress, egress, leg],
      replaceOnChanges: ["fixedIps"],
      deleteBeforeReplace: true,
    },
  );
}

function ingressArgs(
  { name, protocol, ports, source }: GatewayRule,
  { group }: Security,
): Omit<openstack.networking.SecGroupRuleArgs, "securityGroupId"> {
  return {
    direction: "ingress",
    ethertype: "IPv4",
    description: `encaplab: ${name}`,
    ...inWordsOfNeutron(protocol, ports),
    ...("group" in source ? { remoteGroupId: group.id } : { remoteIpPrefix: source.cidr }),
  };
}
