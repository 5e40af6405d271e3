/** The link of a stack that is one site to the stack that is the other: two stacks, one on AWS and one on OpenStack. */
import type { LabConfig, Selectors } from "../config";
import { proposalParts } from "./proposal";
import { DEFAULT_PROPOSALS } from "./site";
import { vpcCidr } from "./vpc";

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
}

/** This stack's end of the link; undefined in a stack without `link.peer`. */
export function planPeerSite({ link }: Pick<LabConfig, "link">): PeerSitePlan | undefined {
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
  };
}

/** The ranges that a stack tells its peer: on AWS the VPC's one block, since a tunnel has one range on each side. */
export const siteCidrs = (plan: {
  cloud: LabConfig["cloud"];
  subnets: readonly { cidr: string }[];
  ipPool: { cidr: string };
}): string[] => (plan.cloud === "aws" ? [vpcCidr(plan)] : plan.subnets.map(({ cidr }) => cidr));
