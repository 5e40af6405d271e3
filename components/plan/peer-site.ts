/** The link of a stack that is one site to the stack that is the other: two stacks, one on AWS and one on OpenStack. */
import { BOTH_SITES, type LabConfig, type Selectors } from "../config";
import { overlap, parseCidr, sizeOf, toAddress } from "./addressing";
import { proposalParts } from "./proposal";
import { DEFAULT_PROPOSALS } from "./site";
import type { NodePlan } from "./topology";
import { vpcCidr } from "./vpc";

/** The name of the instance that is a site's gateway, in the cloud and as its host name. */
export const SITE_GATEWAY = "site-gateway";

/** An instance of the lab that is its site's gateway. */
export interface SiteGatewayPlan {
  /** The name of its subnet: the first of the lab. */
  subnet: string;
  /** Its private IPv4 address there: the last that no node has. */
  address: string;
}

/** What this stack's end of the link shall be. */
export interface PeerSitePlan {
  /** The other site's stack, by name or as `org/project/stack`. */
  stack: string;
  /** The version of IKE. */
  ike: number;
  /** The name of the stack that starts the tunnel, or `both`; undefined: the one on OpenStack. */
  initiator?: string;
  /** As swanctl.conf has them. `esp` always has a group: Neutron knows no ESP without perfect forward secrecy. */
  proposals: { ike: string; esp: string };
  /** `subnets`, or on AWS also `any`. */
  selectors: Selectors;
  /** What the path between the gateways carries, in bytes; undefined: Neutron's own default, and on AWS always. */
  mtu?: number;
  /** The instance that is the gateway. Absent where the cloud's own VPN is. */
  gateway?: SiteGatewayPlan;
}

/** This stack's end of the link; undefined in a stack without `link.peer`. @param nodes those of the lab. */
export function planPeerSite(
  { link, topology }: Pick<LabConfig, "link" | "topology">,
  nodes: readonly Pick<NodePlan, "address">[],
): PeerSitePlan | undefined {
  if (link?.peer === undefined) return undefined;
  const ike = link.proposals?.ike ?? DEFAULT_PROPOSALS.ike;
  const esp = link.proposals?.esp ?? DEFAULT_PROPOSALS.esp;
  return {
    stack: link.peer,
    ike: link.ike ?? 2,
    ...(link.initiator !== undefined && { initiator: link.initiator }),
    proposals: { ike, esp: proposalParts(esp).group ? esp : `${esp}-${proposalParts(ike).group}` },
    selectors: link.selectors ?? "subnets",
    ...(link.mtu !== undefined && { mtu: link.mtu }),
    ...(link.gateway === "instance" && { gateway: planSiteGateway(topology, nodes) }),
  };
}

/** The last address, because nodes have the first ones, and Neutron's own ports those before them. */
function planSiteGateway(
  topology: LabConfig["topology"],
  nodes: readonly Pick<NodePlan, "address">[],
): SiteGatewayPlan {
  const { name, cidr } = topology[0] as LabConfig["topology"][number];
  const taken = new Set(nodes.map(({ address }) => address));
  const range = parseCidr(cidr);
  // The very last one is the broadcast address, which AWS keeps for itself as well.
  let last = range.first + sizeOf(range) - 2;
  while (taken.has(toAddress(last))) last--;
  return { subnet: name, address: toAddress(last) };
}

/** How many machines a lab is made of in a cloud: its nodes, and the instance that is its site's gateway. */
export const machineCount = ({
  nodes,
  peerSite,
}: {
  nodes: readonly unknown[];
  peerSite?: PeerSitePlan;
}): number => nodes.length + (peerSite?.gateway ? 1 : 0);

/** The ranges that a stack tells its peer: on AWS the VPC's one block, since a tunnel has one range on each side. */
export const siteCidrs = (plan: {
  cloud: LabConfig["cloud"];
  subnets: readonly { cidr: string }[];
  ipPool: { cidr: string };
}): string[] => (plan.cloud === "aws" ? [vpcCidr(plan)] : plan.subnets.map(({ cidr }) => cidr));

/** What one stack must know of the other to judge the link: each says it of itself, in its config or its outputs. */
export interface PeerFacts {
  cloud: LabConfig["cloud"];
  /** The ranges behind its gateway. */
  cidrs: readonly string[];
}

/** Why another stack cannot be a stack's peer, in words that go on after its name; undefined if it can. */
export function whyNoPeer(
  plan: Parameters<typeof siteCidrs>[0] & { serviceCidr: string },
  { cloud, cidrs }: PeerFacts,
): string | undefined {
  if (cloud === plan.cloud)
    return `it is on ${cloud}, as this stack is, and a link has one end on AWS and one on OpenStack; name a stack on ${cloud === "aws" ? "OpenStack" : "AWS"}`;
  const own = [...siteCidrs(plan), plan.ipPool.cidr, plan.serviceCidr];
  for (const theirs of cidrs) {
    const clash = own.find((range) => overlap(parseCidr(range), parseCidr(theirs)));
    if (clash)
      return `its ${theirs} overlaps ${clash} of this stack, so no route could tell them apart; choose other ranges in one of the two`;
  }
  return undefined;
}

/** The key of the link on which two ends differ, so that the tunnel stays down; undefined if they agree. */
export function linkDifference(
  one: Pick<PeerSitePlan, "ike" | "proposals">,
  other: Pick<PeerSitePlan, "ike" | "proposals">,
): string | undefined {
  if (one.ike !== other.ike) return "ike";
  const phase = (["ike", "esp"] as const).find((name) => one.proposals[name] !== other.proposals[name]);
  return phase && `proposals.${phase}`;
}

/** A stack's name without its organisation and project. */
export const stackName = (stack: string): string => stack.slice(stack.lastIndexOf("/") + 1);

/** Whether a stack starts the tunnel. By default the one on OpenStack does: AWS only answers unless it is told otherwise. */
export const initiates = (
  cloud: LabConfig["cloud"],
  { initiator }: Pick<PeerSitePlan, "initiator">,
  own: string,
): boolean =>
  initiator === undefined ? cloud === "openstack" : initiator === BOTH_SITES || initiator === own;
