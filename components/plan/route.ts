/** The routes to other nodes' blocks. The twin programs exactly these, and the observation expects them. */
import { learns } from "./bgp";
import { carrierBetween, podAddress } from "./carrier";
import { ENCAPSULATION_FACTS, TUNNELS } from "./encapsulation";
import { fabricFacts } from "./fabric";
import type { LabPlan } from "./lab";
import { blocksOf, blockWith, encapsulationAt, hasVtep, tunnelEndOf } from "./pool";
import { type NodePlan, subnetOf } from "./topology";

/** A route to the block of another node. */
export interface Route {
  /** The other node's block, a CIDR. */
  block: string;
  /** The next hop's IPv4 address. */
  via: string;
  /** The device by which the packet leaves: the node's interface, `tunl0` or `vxlan.calico`. */
  device: string;
  /** Whether the next hop counts as a neighbour although it is in no subnet of the device (`ip route … onlink`). */
  onlink: boolean;
}

/**
 * The route that BIRD or Felix programs on a node for a peer's block.
 * @param address in the block. Default: a pod's.
 */
export function routeTo(plan: LabPlan, node: NodePlan, peer: NodePlan, address = podAddress(peer)): Route {
  const block = blockWith(peer, address);
  const carrier = carrierBetween(plan, node, peer, address);
  if (carrier !== "direct") {
    // On tunl0 the next hop is the peer itself; vxlan.calico has a neighbour entry for the peer's tunnel address.
    const via = carrier === "ipip" ? peer.address : (tunnelEndOf(peer, carrier)?.address ?? "");
    return { block, via, device: TUNNELS[carrier].device, onlink: true };
  }
  const { nic: device, layer3 } = fabricFacts(plan);
  // A node whose own address is a /32 has no neighbour but the gateway.
  if (node.subnet === peer.subnet && !layer3?.hostPrefix)
    return { block, via: peer.address, device, onlink: false };
  const gateway = subnetOf(plan, node).gateway;
  // BIRD does not believe that a /32 has a neighbour: it must be told.
  return { block, via: gateway, device, onlink: layer3?.hostPrefix !== undefined };
}

/** Who would program a node's route to an address of pods. */
export const routesBy = (plan: LabPlan, address: string): "BIRD" | "Felix" =>
  ENCAPSULATION_FACTS[encapsulationAt(plan, address)].routesBy;

/**
 * Whether a node has the route to another's block. BIRD programs it only if a peer has told it of the block, and Felix only on
 * a node with an end of the tunnel.
 */
export const hasRoute = (
  plan: LabPlan,
  node: NodePlan,
  peer: NodePlan,
  address = podAddress(peer),
): boolean =>
  routesBy(plan, address) === "BIRD"
    ? learns(plan, node, peer)
    : !plan.ipPools || hasVtep(node, peer, carrierBetween(plan, node, peer, address));

/**
 * The source address that a node chooses for a packet to an address of another node's pods: that of the device by which it
 * leaves. A tunl0 without an address takes the node's (Linux, inet_select_addr).
 */
export function sourceTo(plan: LabPlan, node: NodePlan, peer: NodePlan, address = podAddress(peer)): string {
  if (node.name === peer.name || !hasRoute(plan, node, peer, address)) return node.address;
  const carrier = carrierBetween(plan, node, peer, address);
  return (carrier !== "direct" && tunnelEndOf(node, carrier)?.address) || node.address;
}

/** The routes of a node once routing has converged. Where they come from BIRD, only those of its established sessions. */
export const routesOf = (plan: LabPlan, node: NodePlan): Route[] =>
  plan.nodes
    .filter((peer) => peer.name !== node.name)
    .flatMap((peer) =>
      addressesOf(peer)
        .filter((address) => hasRoute(plan, node, peer, address))
        .map((address) => routeTo(plan, node, peer, address)),
    );

/** One address in each of a node's blocks: a pod's, and those of its tunnels in other blocks. */
export function addressesOf(node: NodePlan): string[] {
  const ends = Object.values(node.tunnels ?? {});
  return blocksOf(node).map((block) =>
    block === node.block
      ? podAddress(node)
      : (ends.find((end) => end.block === block)?.address ?? podAddress(node)),
  );
}
