/** The paths between the clusters of two stacks that are two sites, judged where the configs of both are known. Pure. */
import { overlap, parseCidr } from "./addressing";
import { INTERNET } from "./endpoint";
import { innerMtu } from "./esp";
import { fabricFacts } from "./fabric";
import type { LabPlan } from "./lab";
import { initiates, linkDifference, type PeerSitePlan, siteCidrs, stackName, whyNoPeer } from "./peer-site";
import { isNatted } from "./pool";
import { TTL } from "./rewrite";
import type { NodePlan, PodPlan } from "./topology";

/** A stack that is a site. */
export interface SiteStack {
  /** Its name. */
  stack: string;
  plan: LabPlan & { peerSite: PeerSitePlan };
}

/** The paths between two clusters, by what is at their ends. */
export const ACROSS_PATHS = ["node-to-node", "pod-to-node", "node-to-pod", "pod-to-pod"] as const;

/** The prediction for one path between two stacks. */
export interface AcrossPath {
  path: (typeof ACROSS_PATHS)[number];
  /** The names of the stacks. */
  from: string;
  to: string;
  /** One pair that takes the path, e.g. `w1 > w1`: the names are those of each stack. */
  example: string;
  outcome: "works" | "fails";
  /** Where it works: the TTL with which packets arrive, and the largest packet that the tunnel carries, in bytes. */
  ttl?: number;
  mtu?: number;
  /** What packets pass, or why they are lost and where. */
  travels: string;
}

/** The prediction for the tunnel between two stacks. */
export interface Across {
  /** Why there is no tunnel, whatever is brought up; undefined if nothing in the two configs keeps it down. */
  down?: string;
  paths: AcrossPath[];
}

/** Predicts every path between two stacks, in both directions. */
export function judgeAcross(own: SiteStack, peer: SiteStack): Across {
  const down = whyDown(own, peer);
  const directions = [
    [own, peer],
    [peer, own],
  ] as const;
  return {
    ...(down !== undefined && { down }),
    paths: directions.flatMap(([from, to]) => ACROSS_PATHS.map((path) => judgePath(path, from, to, down))),
  };
}

function whyDown(own: SiteStack, peer: SiteStack): string | undefined {
  const back = stackName(peer.plan.peerSite.stack);
  if (back !== own.stack) return `link.peer of ${peer.stack} is ${back}, and not ${own.stack}`;
  const refused = whyNoPeer(own.plan, { cloud: peer.plan.cloud, cidrs: siteCidrs(peer.plan) });
  if (refused !== undefined) return `${peer.stack} cannot be the peer of ${own.stack}: ${refused}`;
  const different = linkDifference(own.plan.peerSite, peer.plan.peerSite);
  if (different !== undefined) return `link.${different} is not the same in both stacks`;
  if (![own, peer].some(({ stack, plan }) => initiates(plan.cloud, plan.peerSite, stack)))
    return "neither stack starts the tunnel; make link.initiator the same in both";
  return undefined;
}

function judgePath(
  path: AcrossPath["path"],
  from: SiteStack,
  to: SiteStack,
  down: string | undefined,
): AcrossPath {
  const [source, target] = [nodeOf(from), nodeOf(to)];
  const [sender, receiver] = path.split("-to-");
  const nameOf = (node: NodePlan, kind: string | undefined) =>
    kind === "pod" ? podOf(node).name : node.name;
  const own = {
    path,
    from: from.stack,
    to: to.stack,
    example: `${nameOf(source, sender)} > ${nameOf(target, receiver)}`,
  };
  const lost = down ?? (receiver === "pod" ? whyNotToPod(from, to) : undefined);
  if (lost !== undefined) return { ...own, outcome: "fails", travels: lost };
  if (sender === "pod" && !isNatted(from.plan, podOf(source).address, target.address))
    return { ...own, outcome: "fails", travels: whyNotFromPod(from) };
  const { plan } = from;
  const stops = [
    ...(sender === "pod" ? [`its node (which gives it ${source.address})`] : []),
    ...leaving(from),
    ...arriving(to),
  ];
  const link = tunnelMtu(from, to);
  const mtus = [link.mtu, sender === "pod" ? plan.mtu.pod : plan.mtu.link, to.plan.mtu.link];
  return {
    ...own,
    outcome: "works",
    ttl: TTL - stops.length,
    mtu: Math.min(...mtus),
    travels: `${stops.join(", ")}; between them ESP${link.natTraversal ? " in UDP 4500" : ""}`,
  };
}

/** A worker, since pods are there; of a cluster without one its control plane. */
const nodeOf = ({ plan }: SiteStack): NodePlan =>
  plan.nodes.find(({ role }) => role === "worker") ?? plan.controlPlane;

const podOf = ({ pods }: NodePlan): PodPlan => pods[0] as PodPlan;

/**
 * What counts a packet's TTL down on its way into the tunnel. The router of a VPC does not. A Neutron router of ML2/OVS is
 * Linux's, and may redirect a node to the instance, which is its neighbour: later packets then do without the router.
 */
function leaving({ stack, plan }: SiteStack): string[] {
  const router = plan.cloud === "aws" ? [] : [`the router of ${stack}`];
  if (plan.peerSite.gateway) return [...router, `the instance site-gateway of ${stack}`];
  return plan.cloud === "aws" ? [`the virtual private gateway of ${stack}`] : router;
}

/** The same on its way out of it: an instance has the nodes as neighbours, so that their router is not on the way. */
function arriving(site: SiteStack): string[] {
  const passed = leaving(site);
  return passed.slice(-1);
}

/**
 * What the tunnel carries. An instance is behind a NAT, its floating or public address: ESP is then in UDP, and must first leave
 * by a network whose MTU is that of the nodes.
 */
function tunnelMtu(...sites: [SiteStack, SiteStack]): { mtu: number; natTraversal: boolean } {
  const natTraversal = sites.some(({ plan }) => plan.peerSite.gateway);
  const paths = sites.map(({ plan }) =>
    Math.min(plan.peerSite.mtu ?? INTERNET.mtu, plan.peerSite.gateway ? plan.mtu.link : INTERNET.mtu),
  );
  const [{ plan }] = sites;
  return { mtu: innerMtu(Math.min(...paths), plan.peerSite.proposals.esp, natTraversal), natTraversal };
}

/** Pods' addresses are each cluster's own business: no route leads to those of the other one. */
function whyNotToPod({ stack, plan }: SiteStack, to: SiteStack): string {
  const pods = to.plan.ipPool.cidr;
  if (overlap(parseCidr(plan.ipPool.cidr), parseCidr(pods)))
    return `not routed: both clusters have pods in ${pods}, so a packet to such an address stays in ${stack}`;
  const router = fabricFacts(plan).gateway;
  return `not routed: the ${router} of ${stack} has routes to ${siteCidrs(to.plan).join(", ")} by the tunnel, and to ${pods} only its default route, behind which private addresses are dropped`;
}

/** A pod whose packets keep their address. */
const whyNotFromPod = ({ stack, plan }: SiteStack): string =>
  plan.peerSite.gateway
    ? `dropped at the instance site-gateway of ${stack}: its security group and the tunnel's selectors know the nodes' addresses, and the packet has the pod's; set natOutgoing: true`
    : `dropped at the tunnel of ${stack}: its selectors hold the subnets, and the packet has the pod's address; set natOutgoing: true`;
