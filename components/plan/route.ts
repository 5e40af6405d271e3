/** The routes to other nodes' blocks. The twin programs exactly these, and the observation expects them. */
import { learns } from "./bgp";
import { carrierBetween } from "./carrier";
import { routesNeedBgp, TUNNELS } from "./encapsulation";
import { fabricFacts } from "./fabric";
import type { LabPlan } from "./lab";
import type { NodePlan } from "./topology";

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

/** The route that BIRD or Felix programs on a node for a peer's block. */
export function routeTo(plan: LabPlan, node: NodePlan, peer: NodePlan): Route {
  const carrier = carrierBetween(plan, node, peer);
  if (carrier !== "direct") {
    // On tunl0 the next hop is the peer itself; vxlan.calico has a neighbour entry for the peer's tunnel address.
    const via = carrier === "ipip" ? peer.address : peer.tunnelAddress;
    return { block: peer.block, via, device: TUNNELS[carrier].device, onlink: true };
  }
  const { nic: device, layer3 } = fabricFacts(plan);
  // A node whose own address is a /32 has no neighbour but the gateway.
  if (node.subnet === peer.subnet && !layer3?.hostPrefix)
    return { block: peer.block, via: peer.address, device, onlink: false };
  const gateway = plan.subnets.find(({ name }) => name === node.subnet)?.gateway ?? "";
  // BIRD does not believe that a /32 has a neighbour: it must be told.
  return { block: peer.block, via: gateway, device, onlink: layer3?.hostPrefix !== undefined };
}

/** Whether a node has the route to another's block. BIRD programs it only if a peer has told it of the block. */
export const hasRoute = (plan: LabPlan, node: NodePlan, peer: NodePlan): boolean =>
  !routesNeedBgp(plan) || learns(plan, node, peer);

/** The source address that a node chooses for a packet to a node's pods: that of the device by which it leaves. */
export function sourceTo(plan: LabPlan, node: NodePlan, peer: NodePlan): string {
  const tunneled =
    node.name !== peer.name && hasRoute(plan, node, peer) && carrierBetween(plan, node, peer) !== "direct";
  return tunneled ? node.tunnelAddress : node.address;
}

/** The routes of a node once routing has converged. Where they come from BIRD, only those of its established sessions. */
export const routesOf = (plan: LabPlan, node: NodePlan): Route[] =>
  plan.nodes
    .filter((peer) => peer.name !== node.name && hasRoute(plan, node, peer))
    .map((peer) => routeTo(plan, node, peer));
