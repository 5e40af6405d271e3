/** Why a node or the gateway has no route to a pod, or a wrong one, where it learns routes by BGP: in sentences. */
import { gatewayHop } from "./bgp";
import { CATALOGUE } from "./catalogue";
import type { Drop } from "./drop";
import { fabricFacts } from "./fabric";
import type { LabPlan } from "./lab";
import { isIbgp } from "./peering";
import type { NodePlan } from "./topology";

const RESOURCES = "https://docs.tigera.io/calico/latest/reference/resources";

/** A cause with its fix, both as clauses. `because` comes before what happens to the packet. */
export interface BgpFailure {
  because: string;
  fix: string;
  reference: string;
}

/** The settings of BGP that keep every route from being learned. */
function bySettings({ bgp }: LabPlan): BgpFailure | undefined {
  if (!bgp.exports)
    return {
      because: "no node tells its BGP peers of its pods (disableBGPExport)",
      fix: "set peering.disableBGPExport: false",
      reference: `${RESOURCES}/ippool`,
    };
  if (!bgp.mesh && bgp.reflectors.length === 0)
    return {
      because: `the node-to-node mesh is off, and ${
        bgp.gatewayAsNumber === undefined
          ? "nothing else tells nodes of each other's pods"
          : "nodes drop what a gateway of another AS tells them of their own AS"
      }`,
      fix: "set peering.nodeToNodeMesh: true",
      reference: `${RESOURCES}/bgpconfig`,
    };
  return undefined;
}

/** The route reflectors that run, and with which nodes have no session. */
function byReflectors(plan: LabPlan): BgpFailure {
  const { fabric, bgp } = plan;
  const who = bgp.reflectors.length > 1 ? "none of the route reflectors" : "the route reflector";
  const has = bgp.reflectors.length > 1 ? "has" : "does not have";
  return {
    because: `${who} ${bgp.reflectors.join(", ")} ${has} BGP sessions with both nodes`,
    fix: `allow TCP 179 between the nodes and the route reflectors${fabricFacts({ fabric }).securityGroup ? ", from the group" : ""}`,
    reference: "https://github.com/projectcalico/calico/issues/3309",
  };
}

/** Why a node has no route to another node's block, if it is no closed port. @param drop a drop with that cause. */
export function whyNoRoute(plan: LabPlan, { fault }: Drop): BgpFailure | undefined {
  if (fault !== "reflector-down")
    return (
      (fault ? undefined : bySettings(plan)) ??
      (plan.bgp.reflectors.length > 0 ? byReflectors(plan) : undefined)
    );
  const down = plan.nodes.filter(({ host }) => host.broken.includes(fault)).map(({ name }) => name);
  const { fix, reference } = CATALOGUE[fault];
  return {
    because: `BIRD does not run on the route reflector${down.length > 1 ? "s" : ""} ${down.join(", ")}`,
    fix,
    reference,
  };
}

/** Why the gateway does not know a node's pods, if it speaks BGP. @param node whose pods the packet was for. */
export function whyUnknownToGateway(plan: LabPlan, node: NodePlan, { fault }: Drop): BgpFailure | undefined {
  if (plan.bgp.gatewayAsNumber === undefined) return undefined;
  const { gateway } = fabricFacts(plan);
  if (fault === "reflector-down") return whyNoRoute(plan, { fault } as Drop);
  if (!plan.bgp.exports) return bySettings(plan);
  return {
    because: `the ${gateway} has no BGP session with ${node.name}`,
    fix: `allow TCP 179 from ${node.name} to the ${gateway}`,
    reference: "https://github.com/projectcalico/calico/issues/3309",
  };
}

/** Why a packet for a node's pods goes round in circles. */
export function whyLoop(plan: LabPlan, node: NodePlan): BgpFailure {
  const { gateway } = fabricFacts(plan);
  const hop = gatewayHop(plan, node)?.name;
  return {
    because: `the ${gateway} sends it to ${hop}, which sends it back: over eBGP every node tells the ${gateway} of all blocks, with itself as the next hop, and the lowest address wins`,
    fix: `set peering.keepOriginalNextHop: true${isIbgp(plan) ? "" : `, or set peering.gatewayAsNumber: ${plan.bgp.asNumber}, the nodes' own`}`,
    reference: `${RESOURCES}/bgppeer`,
  };
}
