/** The gateway of a site that is an instance of the lab: what its strongSwan joins, and what may reach it. */
import * as pulumi from "@pulumi/pulumi";
import { ESP_PROTOCOL, IKE_PORT, NAT_T_PORT, type PeerSitePlan, siteCidrs } from "../../plan";
import type { SiteEnd, SiteGateway, SiteOutput, SiteTunnel } from "../interface";
import type { IngressRule } from "./ingress";
import { type PeerSite, type SiteEndArgs, startsTunnel } from "./peer-site";
import { childrenBetween, renderSwanctl } from "./swanctl";

/** An open rule of the gateway's own security group. Like those of the nodes it has one source. */
export interface GatewayRule {
  /** Also the name of its resource, after the gateway's. */
  name: string;
  protocol: IngressRule["protocol"] | typeof ESP_PROTOCOL;
  /** First and last port; absent if the protocol has none. */
  ports?: readonly [number, number];
  /** The nodes' security group, or a prefix. */
  source: { group: true } | { cidr: string };
}

/**
 * What the gateway lets in: your login, what the nodes send to the other site, and of the internet the peer alone.
 * @param rules those of the nodes, which say from where you log in.
 */
export function planGatewayRules(
  rules: readonly IngressRule[],
  peer: Pick<PeerSite, "address"> | undefined,
): GatewayRule[] {
  const logins = rules
    .filter(({ rule }) => rule === "ssh")
    .map(({ name, protocol, ports, source }) => ({ name, protocol, ...(ports && { ports }), source }));
  const nodes: GatewayRule = { name: "nodes", protocol: "all", source: { group: true } };
  if (peer?.address === undefined) return [...logins, nodes];
  const source = { cidr: `${peer.address}/32` };
  return [
    ...logins,
    nodes,
    { name: "ike", protocol: "udp", ports: [IKE_PORT, IKE_PORT], source },
    { name: "nat-t", protocol: "udp", ports: [NAT_T_PORT, NAT_T_PORT], source },
    { name: "esp", protocol: ESP_PROTOCOL, source },
  ];
}

/**
 * This stack's end of the tunnel on an instance.
 * @param key the pre-shared key, secret; undefined while the peer that makes it has not said it.
 */
export function gatewayEnd(
  cloud: SiteOutput["cloud"],
  args: Pick<SiteEndArgs, "plan" | "peer">,
  key: pulumi.Output<string> | undefined,
  { machine, publicAddress }: Omit<SiteGateway, "tunnel">,
): SiteEnd {
  const { ike, proposals } = args.plan.peerSite as PeerSitePlan;
  const tunnel = key && tunnelOf(args, key, publicAddress);
  return {
    site: {
      cloud,
      cidrs: siteCidrs(args.plan),
      address: publicAddress,
      joined: tunnel !== undefined,
      link: { ike, proposals },
    },
    gateway: { machine, publicAddress, ...(tunnel && { tunnel }) },
  };
}

/**
 * The tunnel to the peer, once that has an address. Both ends are known by their public addresses, since the own one is
 * behind a NAT: AWS knows its customer's gateway by it, and Neutron's VPN the peer's.
 */
function tunnelOf(
  { plan, peer }: Pick<SiteEndArgs, "plan" | "peer">,
  key: pulumi.Output<string>,
  publicAddress: pulumi.Output<string>,
): SiteTunnel | undefined {
  const { address } = peer ?? {};
  if (!peer || address === undefined) return undefined;
  const peerSite = plan.peerSite as PeerSitePlan;
  const { ike, proposals } = peerSite;
  const starts = startsTunnel(plan.cloud, peerSite, pulumi.getStack());
  const children = childrenBetween(ike, siteCidrs(plan), peer.cidrs);
  const connection = publicAddress.apply((own) =>
    renderSwanctl(ike, { id: { own, peer: address }, peer: address, proposals, children, starts }),
  );
  return { connection, key, children: children.length, comesUp: starts && peer.joined };
}
