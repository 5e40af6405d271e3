/** The routes that a node must have in a mode, for the blocks that Calico has really assigned. */
import { carrierBetween } from "./carrier";
import { TUNNELS } from "./encapsulation";
import type { LabPlan } from "./lab";
import { hasRoute, routesBy } from "./route";
import type { NodePlan } from "./topology";

/**
 * What `scripts/node/routes.sh` waits for: a line `block device gateway programmer` per block of another node.
 *
 * @param blocks the cluster's blocks, a line `block node` each, as `scripts/node/blocks.sh` prints them.
 * @returns no line for a node whose blocks this one does not learn: BIRD has routes only by its sessions.
 */
export function expectedRoutes(plan: LabPlan, node: NodePlan, blocks: string): string {
  const lines = blocks.split("\n").flatMap((line) => {
    const [block, owner] = line.split(" ") as [string, string?];
    const peer = plan.nodes.find(({ name }) => name === owner);
    const [address] = block.split("/") as [string];
    return peer && peer.name !== node.name && hasRoute(plan, node, peer, address)
      ? [`${block} ${wayTo(plan, node, peer, address)} ${routesBy(plan, address)}`]
      : [];
  });
  return lines.sort().join("\n");
}

/** Names the gateway only where it is the peer itself: the plan does not know the router between existing machines. */
function wayTo(plan: LabPlan, node: NodePlan, peer: NodePlan, address: string): string {
  const carrier = carrierBetween(plan, node, peer, address);
  if (carrier === "direct") return `direct ${node.subnet === peer.subnet ? peer.address : "-"}`;
  return `${TUNNELS[carrier].device} ${carrier === "ipip" ? peer.address : "-"}`;
}
