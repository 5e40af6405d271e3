/** The router's end of the link to a site that is another stack: Neutron's VPN as a service. */
import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { ConfigError } from "../../config";
import {
  DEFAULT_PROPOSALS,
  GROUP_NUMBERS,
  isGcm,
  type LabPlan,
  type PeerSitePlan,
  proposalParts,
  siteCidrs,
} from "../../plan";
import {
  type Foundation,
  gatewayEnd,
  type IngressRule,
  planGatewayRules,
  type Scope,
  type SiteEndArgs,
  startsTunnel,
} from "../common";
import type { SiteEnd } from "../interface";
import { list, type Session } from "./api";
import { createGateway, type GatewayArgs } from "./gateway";
import type { Network } from "./network";
import type { Label } from "./tags";

/** Seconds after which keys are renewed: AWS's defaults (EC2 API: VpnTunnelOptionsSpecification). */
const LIFETIME = { ike: 28_800, esp: 3600 } as const;

/** Seconds between two probes of the peer, and until it is taken for gone. AWS's own limit is 30 seconds. */
const DEAD_PEER = { interval: 10, timeout: 30 } as const;

/** Neutron's extensions for the VPN service, and for its groups of endpoints (neutron_lib/api/definitions). */
const EXTENSIONS = ["vpnaas", "vpn-endpoint-groups"];

/** Neutron's extension for AES-GCM, of October 2023 (neutron_lib/api/definitions/vpn_aes_ccm_gcm.py). */
const GCM_EXTENSION = "vpn-aes-ccm-gcm";

/**
 * Checks that the cloud has the service, unless the gateway is an instance. What cannot be asked passes, because Neutron's own
 * error is clear.
 */
export async function requireVpn(session: Session | undefined, { peerSite }: LabPlan): Promise<void> {
  if (!peerSite || peerSite.gateway || !session) return;
  const known = await list(session, "network", "extensions?fields=alias", "extensions").catch(() => []);
  const aliases = known.map(({ alias }) => String(alias));
  if (aliases.length === 0) return;
  const missing = EXTENSIONS.filter((one) => !aliases.includes(one));
  if (missing.length > 0)
    throw new ConfigError([
      {
        key: "link.gateway",
        value: "service",
        message: `this cloud's Neutron has no VPN as a service (it lacks the extensions ${missing.join(" and ")}); set link.gateway: instance, and the gateway is an instance of the lab with strongSwan, or use a cloud that has the service, or remove link.peer`,
      },
    ]);
  const { proposals } = peerSite;
  const phase = (["ike", "esp"] as const).find((one) => isGcm(proposalParts(proposals[one]).cipher));
  if (phase && !aliases.includes(GCM_EXTENSION))
    throw new ConfigError([
      {
        key: `link.proposals.${phase}`,
        value: proposals[phase],
        message: `this cloud's Neutron has no AES-GCM (it lacks the extension ${GCM_EXTENSION}); use AES-CBC, such as ${DEFAULT_PROPOSALS[phase]}, in both stacks, or set link.gateway: instance`,
      },
    ]);
}

/** What the end is made from. */
export interface VpnArgs extends SiteEndArgs, Omit<GatewayArgs, "gateway" | "peer" | "rules"> {
  /** Those of the nodes. */
  rules: readonly IngressRule[];
}

/**
 * Declares the end. Without the peer's address and key it is the gateway alone, which already has its own address.
 * @returns undefined in a plan without a peer, for which nothing is made.
 */
export function createVpn(args: VpnArgs, foundation: Foundation): SiteEnd | undefined {
  const { plan, peer, psk, network, label, rules } = args;
  const { peerSite } = plan;
  if (!peerSite) return undefined;
  const { scope } = foundation;
  const { parent, named } = scope;
  const key = psk === undefined ? peer?.key : pulumi.secret(psk);
  if (peerSite.gateway) {
    const own = { ...args, gateway: peerSite.gateway, peer, rules: planGatewayRules(rules, peer) };
    return gatewayEnd("openstack", args, key, createGateway(own, foundation));
  }
  const legs = [...network.subnets.values()].map(({ leg }) => leg);
  // Neutron refuses to delete an interface, a router and a subnet that the service needs: it is deleted first.
  const service = new openstack.vpnaas.Service(
    named("vpn"),
    { ...marked(label, "vpn"), routerId: network.router.id },
    { parent, dependsOn: legs },
  );
  const site = {
    cloud: "openstack" as const,
    cidrs: siteCidrs(plan),
    address: service.externalV4Ip,
    joined: false,
    link: { ike: peerSite.ike, proposals: peerSite.proposals },
  };
  if (peer?.address === undefined || key === undefined) return { site };
  join({ peerSite, address: peer.address, cidrs: peer.cidrs, key, service, network, label }, scope);
  return { site: { ...site, joined: true } };
}

interface Joining {
  peerSite: PeerSitePlan;
  address: string;
  cidrs: string[];
  key: pulumi.Output<string>;
  service: openstack.vpnaas.Service;
  network: Network;
  label: Label;
}

/** The connection to the first tunnel of AWS: two connections could not lead to the same ranges. */
function join(
  { peerSite, address, cidrs, key, service, network, label }: Joining,
  { parent, named }: Scope,
): void {
  const ike = proposalParts(peerSite.proposals.ike);
  const esp = proposalParts(peerSite.proposals.esp);
  const starts = startsTunnel("openstack", peerSite, pulumi.getStack());
  const ikePolicy = new openstack.vpnaas.IkePolicy(
    named("ike"),
    {
      ...marked(label, "ike"),
      ikeVersion: `v${peerSite.ike}`,
      ...encryptionOf(ike.cipher),
      authAlgorithm: ike.hash,
      pfs: groupOf(ike.group),
      lifetimes: [{ units: "seconds", value: LIFETIME.ike }],
    },
    { parent },
  );
  const ipsecPolicy = new openstack.vpnaas.IpSecPolicy(
    named("esp"),
    {
      ...marked(label, "esp"),
      transformProtocol: "esp",
      encapsulationMode: "tunnel",
      ...encryptionOf(esp.cipher),
      ...(esp.hash && { authAlgorithm: esp.hash }),
      pfs: groupOf(esp.group),
      lifetimes: [{ units: "seconds", value: LIFETIME.esp }],
    },
    { parent },
  );
  const places = [...network.subnets.values()];
  const own = new openstack.vpnaas.EndpointGroup(
    named("vpn-own"),
    { ...marked(label, "vpn-own"), type: "subnet", endpoints: places.map(({ subnet }) => subnet.id) },
    // In another subnet it is another group, and the subnet is deleted before the new one is made.
    { parent, dependsOn: places.map(({ leg }) => leg), deleteBeforeReplace: true },
  );
  const theirs = new openstack.vpnaas.EndpointGroup(
    named("vpn-peer"),
    { ...marked(label, "vpn-peer"), type: "cidr", endpoints: cidrs },
    { parent, deleteBeforeReplace: true },
  );
  new openstack.vpnaas.SiteConnection(
    named("vpn"),
    {
      ...marked(label, "vpn"),
      vpnserviceId: service.id,
      ikepolicyId: ikePolicy.id,
      ipsecpolicyId: ipsecPolicy.id,
      localEpGroupId: own.id,
      peerEpGroupId: theirs.id,
      peerAddress: address,
      peerId: address,
      psk: key,
      initiator: starts ? "bi-directional" : "response-only",
      dpds: [{ action: starts ? "restart" : "clear", ...DEAD_PEER }],
      ...(peerSite.mtu !== undefined && { mtu: peerSite.mtu }),
    },
    {
      parent,
      // Neutron deletes no group that a connection uses, so the connection goes before its groups.
      replaceOnChanges: ["localEpGroupId", "peerEpGroupId"],
      deleteBeforeReplace: true,
    },
  );
}

/** Name and description: Neutron's VPN resources have no tags. */
function marked(label: Label, thing: string) {
  const { name, description } = label.described(thing);
  return { name, description };
}

/**
 * A policy's cipher in Neutron's words: `aes-128`, `aes-128-gcm-16`. The provider knows only AES-CBC: of any other name it sends
 * nothing, and Neutron would take aes-128 (terraform-provider-openstack 1.54.1, `resourceIKEPolicyV2EncryptionAlgorithm`). Its
 * `valueSpecs` go to Neutron as they are.
 */
function encryptionOf(cipher: string) {
  const encryptionAlgorithm = cipher.replace("aes", "aes-").replace("gcm", "-gcm-");
  return {
    encryptionAlgorithm,
    ...(isGcm(cipher) && { valueSpecs: { encryption_algorithm: encryptionAlgorithm } }),
  };
}

/** Neutron's name of a group: `group14`. */
const groupOf = (group: string): string => `group${GROUP_NUMBERS[group]}`;
