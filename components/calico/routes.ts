/** The routes that show a mode on a node, for the blocks that Calico has really handed out. */
import { carrierBetween, ENCAPSULATION_FACTS, type LabPlan, type NodePlan, routesOf, TUNNELS } from "../plan";

/**
 * What `scripts/node/routes.sh` waits for: a line `block device gateway programmer` per block of another node.
 *
 * @param blocks the cluster's blocks, a line `block node` each, as `scripts/node/blocks.sh` prints them.
 * @returns nothing where the plan says that no route will come: BIRD's, when BGP cannot be established.
 */
export function expectedRoutes(plan: LabPlan, node: NodePlan, blocks: string): string {
  if (routesOf(plan, node).length === 0) return "";
  const { routesBy } = ENCAPSULATION_FACTS[plan.encapsulation];
  const lines = blocks.split("\n").flatMap((line) => {
    const [block, owner] = line.trim().split(/\s+/);
    const peer = plan.nodes.find(({ name }) => name === owner);
    return block && peer && peer.name !== node.name
      ? [`${block} ${wayTo(plan, node, peer)} ${routesBy}`]
      : [];
  });
  return lines.sort().join("\n");
}

/** A gateway is told only where it is the peer itself: which router stands between existing machines is not the plan's. */
function wayTo(plan: LabPlan, node: NodePlan, peer: NodePlan): string {
  const carrier = carrierBetween(plan, node, peer);
  if (carrier === "direct") return `direct ${node.subnet === peer.subnet ? peer.address : "-"}`;
  return `${TUNNELS[carrier].device} ${carrier === "ipip" ? peer.address : "-"}`;
}
