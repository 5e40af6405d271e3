/** The VPC's end of the link to a site that is another stack: a virtual private gateway, and a connection to its peer. */
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { GROUP_NUMBERS, type LabPlan, type PeerSitePlan, proposalParts, siteCidrs } from "../../plan";
import {
  type Foundation,
  gatewayEnd,
  type IngressRule,
  type PeerSite,
  planGatewayRules,
  presharedKey,
  type SiteEndArgs,
  startsTunnel,
} from "../common";
import type { SiteEnd } from "../interface";
import { createGateway, type GatewayArgs } from "./gateway";

/** An AS number that a customer gateway must have. Without BGP it means nothing; this is the AWS console's default. */
const UNUSED_AS = "65000";

/** What the end is made from. */
export interface VpnArgs extends SiteEndArgs, Omit<GatewayArgs, "gateway" | "peer" | "rules"> {
  /** Those of the nodes. */
  rules: readonly IngressRule[];
}

/**
 * Declares the end. Without the peer's address it is the gateway alone; that of AWS costs nothing.
 * @returns undefined in a plan without a peer, for which nothing is made.
 */
export function createVpn(
  args: VpnArgs,
  foundation: Pick<Foundation, "stack" | "scope" | "login">,
): SiteEnd | undefined {
  const { plan, peer, psk, network, tags, rules } = args;
  const { peerSite } = plan;
  if (!peerSite) return undefined;
  const { parent, named } = foundation.scope;
  const inside = { parent };
  // Made at the first `up` and not with the connection, so that another connection has the same key.
  const key = presharedKey(named("psk"), psk, inside);
  if (peerSite.gateway) {
    const own = { ...args, gateway: peerSite.gateway, peer, rules: planGatewayRules(rules, peer) };
    return { ...gatewayEnd("aws", args, key, createGateway(own, foundation)), key };
  }
  const gateway = new aws.ec2.VpnGateway(named("vpn"), { vpcId: network.vpc.id, tags: tags("vpn") }, inside);
  // The static routes of the connection come into the lab's route table by propagation, and go with the connection.
  new aws.ec2.VpnGatewayRoutePropagation(
    named("vpn"),
    { vpnGatewayId: gateway.id, routeTableId: network.routeTable.id },
    inside,
  );
  const site = {
    cloud: "aws" as const,
    cidrs: siteCidrs(plan),
    joined: peer?.address !== undefined,
    link: { ike: peerSite.ike, proposals: peerSite.proposals },
  };
  if (peer?.address === undefined) return { site, key };
  const customer = new aws.ec2.CustomerGateway(
    named("peer"),
    { bgpAsn: UNUSED_AS, ipAddress: peer.address, type: "ipsec.1", tags: tags("peer") },
    inside,
  );
  const connection = new aws.ec2.VpnConnection(
    named("vpn"),
    {
      vpnGatewayId: gateway.id,
      customerGatewayId: customer.id,
      type: "ipsec.1",
      staticRoutesOnly: true,
      ...rangesOf(plan, peerSite, peer),
      ...tunnelOptions(peerSite),
      tunnel1PresharedKey: key,
      tags: tags("vpn"),
    },
    inside,
  );
  for (const cidr of peer.cidrs)
    new aws.ec2.VpnConnectionRoute(
      named(`vpn-${cidr.replace("/", "-")}`),
      { vpnConnectionId: connection.id, destinationCidrBlock: cidr },
      { parent, deletedWith: connection },
    );
  return { site: { ...site, address: connection.tunnel1Address }, key };
}

/**
 * The tunnel's one range on each side: with `subnets` exactly what Neutron's end has. Without them it is everything, and
 * narrowed to what the peer asks for.
 */
function rangesOf(plan: LabPlan, { selectors }: PeerSitePlan, { cidrs }: PeerSite) {
  const [own] = siteCidrs(plan);
  const [theirs, ...more] = cidrs;
  if (selectors === "any" || more.length > 0) return {};
  return { localIpv4NetworkCidr: theirs, remoteIpv4NetworkCidr: own };
}

/**
 * The settings of the connection's first tunnel. Neutron would not let two tunnels lead to the same range, so the second one
 * is never joined.
 */
function tunnelOptions(peerSite: PeerSitePlan) {
  const ike = proposalParts(peerSite.proposals.ike);
  const esp = proposalParts(peerSite.proposals.esp);
  const starts = startsTunnel("aws", peerSite, pulumi.getStack());
  return {
    tunnel1IkeVersions: [`ikev${peerSite.ike}`],
    tunnel1Phase1EncryptionAlgorithms: [cipherOf(ike.cipher)],
    tunnel1Phase1IntegrityAlgorithms: [hashOf(ike.hash)],
    tunnel1Phase1DhGroupNumbers: [GROUP_NUMBERS[ike.group] as number],
    tunnel1Phase2EncryptionAlgorithms: [cipherOf(esp.cipher)],
    // AES-GCM checks the integrity itself.
    ...(esp.hash && { tunnel1Phase2IntegrityAlgorithms: [hashOf(esp.hash)] }),
    tunnel1Phase2DhGroupNumbers: [GROUP_NUMBERS[esp.group] as number],
    tunnel1StartupAction: starts ? "start" : "add",
    // The side that starts the tunnel starts it again when its peer is gone.
    tunnel1DpdTimeoutAction: starts ? "restart" : "clear",
  };
}

/** AWS's name of a cipher: `AES128`, `AES128-GCM-16`. */
const cipherOf = (cipher: string): string => cipher.replace("gcm", "-gcm-").toUpperCase();

/** AWS's name of a hash: `SHA1`, `SHA2-256`. */
const hashOf = (hash: string): string => (hash === "sha1" ? "SHA1" : `SHA2-${hash.slice("sha".length)}`);
